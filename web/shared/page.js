// Making the page: elements, one view at a time, announcements, and what happens when a step fails.

import { Problem } from "./api.js";
import { has, t } from "./i18n.js";

const view = document.getElementById("view");
const live = document.getElementById("live");

let shown = 0; // counts views, so that a slow answer does not disturb a later one

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(attribute, value);
    else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(attribute, value === true ? "" : value);
    }
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return node;
}

// what people or the shop wrote may run in either direction
export const theirs = (text) => el("bdi", {}, text);

// Shows a view and puts the focus on its heading. Returns whether it is still the one on show.
export function display({ title, lead, above, aside, tone, content, result = false }) {
  const mine = ++shown;
  const heading = el("h1", { tabindex: "-1" }, title);
  const main = el("section", { class: "main" },
    tone ? el("div", { class: `badge ${tone}`, "aria-hidden": "true" }) : null,
    heading, lead ? el("p", { class: "lead" }, lead) : null,
    el("div", { id: "problem", role: "alert" }), content);
  view.className = aside ? (result ? "with-aside result" : "with-aside") : "";
  view.replaceChildren(...[above, aside, main].filter(Boolean));
  document.title = title;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
  return () => mine === shown;
}

// A view that takes the place of none: the old one stays until the new one is ready.
export const nextView = () => {
  const before = shown;
  return () => before === shown;
};

// Said to people who listen to the page. The same words twice are said twice.
export function announce(text) {
  live.textContent = "";
  setTimeout(() => (live.textContent = text), 50);
}

export function button(text, action, kind = "", more = {}) {
  const click = (event) => attempt(action, event.currentTarget);
  return el("button", { type: "button", class: kind, click, ...more }, text);
}

// Runs what a person asked for. While it runs its control takes no second click; what goes wrong is
// shown where they are, and what only failed for want of a connection goes on when there is one.
export async function attempt(action, control = null) {
  if (control?.getAttribute("aria-busy") === "true") return;
  tell(null);
  control?.setAttribute("aria-busy", "true");
  try {
    await action();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    control?.removeAttribute("aria-busy");
    if (!document.getElementById("problem")) display({ title: t("page.title") });
    tell(problem, () => attempt(action, control));
  } finally {
    control?.removeAttribute("aria-busy");
  }
}

// a page may have words of its own for a code
function words(problem) {
  const own = "problem." + problem.code;
  if (problem.status === 0) return t("problem.offline");
  if (has(own)) return t(own);
  if (problem.status === 429) return t("problem.limit", { count: problem.retryAfter ?? 60 });
  if (problem.passing) return t("problem.busy");
  return t("problem.other", { detail: [problem.message, problem.body.hint].filter(Boolean).join(" ") });
}

export function tell(problem, again = null) {
  const place = document.getElementById("problem");
  if (!place) return;
  place.replaceChildren();
  if (!problem) return;
  const text = typeof problem === "string" ? problem : words(problem);
  const retry = again && problem.passing && button(t("page.retry"), again, "small");
  place.append(el("div", { class: "notice bad" }, el("p", {}, text), retry || null));
  place.scrollIntoView({ block: "nearest" });
  if (retry && problem.status === 0) {
    addEventListener("online", () => retry.isConnected && retry.click(), { once: true });
  }
}
