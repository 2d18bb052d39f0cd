// What the browser remembers. Where storage is forbidden (some frames and private windows) the page
// remembers by itself until it is closed.
//
// Bookings are in localStorage, so that a second tab, or the tab that a bank's app opens, finds them:
// each with its secret, which is never part of an address, and nothing that was typed. The state of an
// unfinished step is in sessionStorage, no longer than it is needed.

const DAY = 86_400_000;
const BOOKED = 400 * DAY; // after the booking's end
const UNPAID = 30 * DAY; // after a hold has ended without being paid; the server forgets it then, too
const TYPED = 1_800_000; // ms for which details wait in a tab that is left
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
    return null; // another program's, or broken
  }
}

const names = (storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index));

export const bookings = {
  get: (id) => read(lasting, BOOKING + id),
  set(id, changes) {
    const known = bookings.get(id) ?? { id, made_at: Date.now() };
    lasting.setItem(BOOKING + id, JSON.stringify({ ...known, ...changes }));
  },
  forget: (id) => lasting.removeItem(BOOKING + id),
  all() {
    const ids = names(lasting).filter((name) => name?.startsWith(BOOKING));
    return ids.map((name) => read(lasting, name)).filter(Boolean);
  },
  forgetOld(now) {
    for (const { id, made_at: made, settled_at: settled, unpaid, ends_at: ends } of bookings.all()) {
      const until = unpaid ? settled + UNPAID : (Date.parse(ends) || made) + BOOKED;
      if (now > until) bookings.forget(id);
    }
  },
};

// what is kept of a booking's times: for the list of bookings, and for how long to keep it
export const timesOf = ({ date, starts_at, ends_at }) => ({ date, starts_at, ends_at });

const slot = (name) => ({
  get: () => read(passing, name),
  set: (value) => passing.setItem(name, JSON.stringify(value)),
  clear: () => passing.removeItem(name),
});

export const pendingHold = slot("holdfast.hold"); // a hold whose answer has not come
export const givenKey = slot("holdfast.key");

const typed = slot("holdfast.details");
let lastTyped = null; // outlives the hold, but not the page: a hold that ends is not typed again

// What was typed, so that a reload or a look at other times loses nothing.
export const draft = {
  get() {
    const kept = typed.get();
    if (kept && !(Date.now() - kept.at < TYPED)) typed.clear();
    else lastTyped ??= kept?.values;
    return lastTyped;
  },
  set(values) {
    lastTyped = values;
    typed.set({ at: Date.now(), values });
  },
  clear: () => typed.clear(),
};

// One attempt has one idempotency key, kept until it has been answered: repeating it after a lost
// answer, or after a reload, is the same attempt. Of the request only a fingerprint is kept.
export const attempts = {
  key(name, content) {
    const kept = slot("holdfast.attempt." + name);
    const known = kept.get();
    const request = fingerprint(content);
    if (known?.request === request) return known.key;
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    kept.set({ request, key });
    return key;
  },
  answered: (name) => slot("holdfast.attempt." + name).clear(),
};

// 64 bits of FNV-1a: enough to distinguish two requests of one person. If two were ever equal, the
// server would refuse the second one's key.
function fingerprint(text) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16);
}
