// The page's side of embed.js. Messages to the embedding site go only to the origin that sent its first
// message, and are accepted only from there.

import { isCredential, isId } from "./shared/api.js";
import { pause } from "./shared/clock.js";
import { el } from "./shared/page.js";

const KEEP = "keep=";

export const framed = window.parent !== window;

let site = null; // { origin, back, theme, lang }

// Asks the embedding site for its settings; without an answer in time the page starts by itself.
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
// the whole window goes to the page itself, which gets the booking's id and secret: in the
// fragment, which neither a server nor the embedding site sees, and which is dropped on arrival.
//
// The page sends a referrer only here: it proves which page led the window here, since
// a browser names this origin only for a link that a document of this origin has followed.
export function handOver(address, { id, secret }) {
  const url = new URL(address, location.href);
  url.hash = KEEP + encodeURIComponent(JSON.stringify({ id, secret, back: site?.back, theme: site?.theme }));
  const link = el("a", { href: url.href, target: "_top", referrerpolicy: "origin" });
  document.body.append(link);
  link.click();
  link.remove();
}

// What this page passed to itself on the way here, or null: what another site put into the
// address is dropped unread.
export function takeOver() {
  if (framed || !location.hash.startsWith("#" + KEEP)) return null;
  const text = location.hash.slice(1 + KEEP.length);
  history.replaceState(null, "", location.pathname + location.search);
  if (!broughtByOurselves()) return null;
  try {
    const { id, secret, back, theme } = JSON.parse(decodeURIComponent(text));
    return isId(id) && isCredential(secret) ? { id, secret, more: { back: isWeb(back) ? back : null, theme } } : null;
  } catch {
    return null; // cut short, or not ours
  }
}

// A reload or a step back has the referrer of the first visit, whatever was put into the address since.
function broughtByOurselves() {
  const [arrival] = performance.getEntriesByType("navigation");
  const from = URL.canParse(document.referrer) ? new URL(document.referrer).origin : null;
  return from === location.origin && arrival?.type === "navigate";
}

const isWeb = (url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
