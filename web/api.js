// Calls to the API: credentials, problem documents, and repeats that cannot do anything twice.

const ATTEMPTS = 4;

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.message || "The answer could not be read.");
    Object.assign(this, { status, code: body.code, hint: body.hint || "", body });
  }
}

export const key = {
  get: () => sessionStorage.getItem("holdfast.key"),
  set: (value) => sessionStorage.setItem("holdfast.key", value),
  forget: () => sessionStorage.removeItem("holdfast.key"),
};

// A booking's secret stays in this tab; with it go the words that the API has no need to repeat.
export const memory = {
  get: (id) => JSON.parse(sessionStorage.getItem("holdfast.booking." + id) || "null"),
  set: (id, value) => sessionStorage.setItem("holdfast.booking." + id, JSON.stringify(value)),
};

// The same request keeps its idempotency key until it has been answered.
const keys = new Map();

function idempotencyKey(request) {
  if (!keys.has(request)) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    keys.set(request, Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return keys.get(request);
}

export async function call(method, path, { body, secret } = {}) {
  const headers = { Authorization: "Bearer " + key.get() };
  const request = JSON.stringify([method, path, body]);
  if (secret) headers["Booking-Secret"] = secret;
  if (body) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] = idempotencyKey(request);

  for (let attempt = 1; ; attempt++) {
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) })
      .catch(() => null); // no connection
    const passing = !response || response.status >= 500 || (await inProgress(response));
    if (!passing || attempt === ATTEMPTS) {
      if (!response) throw new Problem(0, { detail: "There is no connection. Please try again." });
      if (response.status < 500) keys.delete(request);
      const answer = await response.json().catch(() => ({}));
      if (!response.ok) throw new Problem(response.status, answer);
      return answer;
    }
    await pause(1000 * (Number(response?.headers.get("retry-after")) || attempt));
  }
}

async function inProgress(response) {
  return response.status === 409 && (await response.clone().json()).code === "request_in_progress";
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
