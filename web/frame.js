// The page's side of embed.js. Everything said to the site around goes to the origin that its hello
// came from, and nothing is taken from anywhere else.

import { pause } from "./clock.js";

const KEEP = "keep=";

export const framed = window.parent !== window;

let site = null; // { origin, back, theme, lang }

// Asks the site around for its wishes; without an answer in time the page goes on by itself.
export async function meet() {
  if (!framed) return null;
  document.documentElement.dataset.framed = "";
  const hello = new Promise((done) => {
    addEventListener("message", ({ source, origin, data }) => {
      if (source !== window.parent || data?.type !== "holdfast:hello" || site) return;
      const back = URL.canParse(data.back) && new URL(data.back).origin === origin ? data.back : null;
      site = { origin, back, theme: data.theme ?? {}, lang: data.lang };
      done(site);
    });
  });
  addEventListener("keydown", (event) => event.key === "Escape" && say("close"));
  window.parent.postMessage({ type: "holdfast:ready" }, "*"); // says nothing but that it is there
  return Promise.race([hello, pause(1000)]);
}

export function say(type, message = {}) {
  if (site) window.parent.postMessage({ type: "holdfast:" + type, ...message }, site.origin);
}

// The payment page cannot be shown in a frame, and a frame's storage may be forbidden or forgotten. So
// the whole window goes to the page itself, which is handed what this one remembers of the booking: in
// the fragment, which no server and no site around gets to see, and which is dropped on arrival.
export function handOver(address, kept) {
  const url = new URL(address, location.href);
  const carried = { ...kept, back: site?.back, theme: site?.theme };
  url.hash = KEEP + encodeURIComponent(JSON.stringify(carried));
  window.open(url, "_top");
}

// What was handed over on the way here, or null.
export function takeOver() {
  if (framed || !location.hash.startsWith("#" + KEEP)) return null;
  const text = location.hash.slice(1 + KEEP.length);
  history.replaceState(null, "", location.pathname + location.search);
  try {
    const kept = JSON.parse(decodeURIComponent(text));
    const named = [kept.id, kept.secret, kept.key, kept.offering, kept.resource, kept.timezone];
    if (!named.every((value) => typeof value === "string")) return null;
    return { ...kept, back: isWeb(kept.back) ? kept.back : null, handed_over: true };
  } catch {
    return null; // cut short, or not ours
  }
}

const isWeb = (url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
