// What the browser remembers. Where storage is forbidden (some frames and private windows) the page
// remembers by itself until it is closed.
//
// Bookings lie in localStorage, so that a second tab, or the tab that a bank's app opens, finds them:
// with each its secret, which never becomes part of an address. What a tab is in the middle of lies in
// sessionStorage.

const DAY = 86_400_000;
const KEPT = { settled: DAY, unsettled: 30 * DAY };
const BOOKING = "holdfast.booking.";

function area(name) {
  try {
    const storage = window[name];
    storage.setItem("holdfast.probe", "1");
    storage.removeItem("holdfast.probe");
    return storage;
  } catch {
    const values = new Map();
    return {
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => values.set(key, value),
      removeItem: (key) => values.delete(key),
      key: (index) => [...values.keys()][index] ?? null,
      get length() {
        return values.size;
      },
    };
  }
}

const lasting = area("localStorage");
const passing = area("sessionStorage");

function read(storage, name) {
  try {
    return JSON.parse(storage.getItem(name));
  } catch {
    return null; // somebody else's, or broken
  }
}

const names = (storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index));

export const bookings = {
  get: (id) => read(lasting, BOOKING + id),
  set(id, changes) {
    const known = bookings.get(id) ?? { id, made_at: Date.now() };
    lasting.setItem(BOOKING + id, JSON.stringify({ ...known, ...changes }));
  },
  all() {
    const ids = names(lasting).filter((name) => name?.startsWith(BOOKING));
    return ids.map((name) => read(lasting, name)).filter(Boolean);
  },
  // secrets of bookings that are over are not kept
  forgetOld(now = Date.now()) {
    for (const { id, made_at: made, settled_at: settled } of bookings.all()) {
      const until = settled ? settled + KEPT.settled : made + KEPT.unsettled;
      if (now > until) lasting.removeItem(BOOKING + id);
    }
  },
};

const slot = (name) => ({
  get: () => read(passing, name),
  set: (value) => passing.setItem(name, JSON.stringify(value)),
  clear: () => passing.removeItem(name),
});

export const draft = slot("holdfast.details"); // what was typed
export const pendingHold = slot("holdfast.hold"); // a hold whose answer has not come
export const givenKey = slot("holdfast.key");

// One attempt has one idempotency key, kept until it has been answered: repeating it after a lost
// answer, or after a reload, is the same attempt.
export const attempts = {
  key(name, request) {
    const kept = slot("holdfast.attempt." + name);
    const known = kept.get();
    if (known?.request === request) return known.key;
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    kept.set({ request, key });
    return key;
  },
  answered: (name) => slot("holdfast.attempt." + name).clear(),
};
