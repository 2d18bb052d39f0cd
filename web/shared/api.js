// Calls to the API: credentials, problem documents, and safe repeats.

import * as clock from "./clock.js";

const ATTEMPTS = 4;
const SECONDS = 25; // longer than a slow answer, shorter than patience

let config, attempts; // the page's: { api, key }, and where it keeps the keys of attempts
export const connect = (...given) => ([config, attempts] = given);

export class Problem extends Error {
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.message || "no readable answer");
    Object.assign(this, { status, code: body.code ?? "", body, retryAfter });
  }

  // nothing was decided: the same request may be sent again
  get passing() {
    return this.status === 0 || this.status >= 500 || this.code === "request_in_progress";
  }
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const isId = (text) => typeof text === "string" && ID.test(text);
export const isCredential = (text) => typeof text === "string" && /^[\x21-\x7e]{1,300}$/.test(text);

// A path with ids in it. An id may come from an address or from storage, and must lead nowhere else.
export function path(parts, ...ids) {
  if (!ids.every(isId)) throw new Problem(404, { code: "not_found" });
  return String.raw({ raw: parts }, ...ids.map(encodeURIComponent));
}

// A deployment's own key comes first: the page then shows that shop, whatever an address says. `other`
// is the key that a booking was made with.
let publishable = "";
export const useKey = (...keys) => {
  publishable = [config.key, ...keys].find(isCredential) ?? "";
};
export const keyFor = (other) => config.key || other || publishable;
export const currentKey = () => publishable;

// `attempt` names what a POST attempts, so that its idempotency key outlives a reload.
export async function call(method, path, { body, secret, attempt, key = publishable, tries = ATTEMPTS } = {}) {
  const headers = { Authorization: "Bearer " + key };
  const content = body && JSON.stringify(body);
  if (secret) headers["Booking-Secret"] = secret;
  if (body) headers["Content-Type"] = "application/json";
  if (attempt) headers["Idempotency-Key"] = attempts.key(attempt, path + content);

  for (let turn = 1; ; turn++) {
    try {
      const answer = await send(config.api + path, { method, headers, body: content });
      if (attempt) attempts.answered(attempt);
      return answer;
    } catch (problem) {
      if (!problem.passing || turn >= tries) {
        if (attempt && !problem.passing) attempts.answered(attempt);
        throw problem;
      }
      await clock.pauseOrReturn(1000 * (problem.retryAfter ?? turn));
    }
  }
}

async function send(url, request) {
  const options = { ...request, credentials: "omit", signal: AbortSignal.timeout(SECONDS * 1000) };
  const response = await fetch(url, options).catch(() => null);
  if (!response) throw new Problem(0, {});
  clock.sync(response);
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const after = Number(response.headers.get("retry-after")) || null;
  // an answer cut off in the middle is a lost one
  throw new Problem(response.ok ? 0 : response.status, answer ?? {}, after);
}
