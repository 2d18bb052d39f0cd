// Who the booking is for, and holding the time: the only place where a hold is made.

import { call, currentKey } from "../shared/api.js";
import * as format from "../shared/format.js";
import { has, language, t } from "../shared/i18n.js";
import { attempt, button, display, el, nextView, tell } from "../shared/page.js";
import { choiceOf, go, replace } from "../routes.js";
import { attempts, bookings, draft, pendingHold, timesOf } from "../store.js";
import { choiceAt } from "./catalogue.js";
import { choiceCard, offeringName, steps } from "./summary.js";
import { forgetTimes, showTimes, slotList } from "./times.js";

const FIELDS = [
  { name: "name", required: true, maxlength: "200", autocomplete: "name" },
  { name: "email", type: "email", required: true, maxlength: "254", autocomplete: "email", inputmode: "email" },
  { name: "phone", type: "tel", maxlength: "40", autocomplete: "tel", help: true },
  { name: "notes", area: true, maxlength: "2000" },
];

// The slot that an address names, as far as the summary needs it.
function slotAt(choice, { start, date }) {
  if (date) return { date };
  const ends = new Date(start).getTime() + choice.offering.duration_minutes * 60_000;
  return { starts_at: start, ends_at: new Date(ends).toISOString() };
}

export function showDetails(choice, given) {
  const slot = slotAt(choice, given);
  const typed = draft.get() ?? {};
  const form = el("form", { novalidate: true, class: "card form", input: () => draft.set(valuesOf(form)) },
    el("div", { id: "field-summary", role: "alert" }),
    FIELDS.map((field) => fieldOf(field, typed[field.name])),
    el("p", { class: "soft" }, t("details.after")),
    el("div", { class: "actions" },
      el("button", { class: "main" }, t("details.submit")),
      button(t("details.other"), () => go({ ...choiceOf(choice), day: given.day }), "plain")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = valuesOf(form);
    const missing = FIELDS.filter(({ name, required }) => required && !values[name]).map(({ name }) => name);
    if (missing.length) return mark(form, missing);
    mark(form, []);
    attempt(() => hold(choice, slot, values), form.querySelector("button.main"));
  });
  display({ title: t("details.title"), above: steps("details"), aside: choiceCard(choice, slot), content: form });
}

function valuesOf(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
}

function fieldOf({ name, area, help, required, ...attributes }, value = "") {
  const described = [help && `${name}-help`, `${name}-error`].filter(Boolean).join(" ");
  const shared = { id: name, name, "aria-describedby": described, "aria-required": required && "true", ...attributes };
  const input = area ? el("textarea", { rows: "3", ...shared }) : el("input", { type: "text", ...shared });
  input.value = value;
  return el("div", { class: "field" },
    el("label", { for: name }, t("details." + name), " ",
      required ? null : el("span", { class: "soft" }, t("details.optional"))),
    input,
    help ? el("p", { class: "help", id: `${name}-help` }, t(`details.${name}_help`)) : null,
    el("p", { class: "error", id: `${name}-error` }));
}

// Shows what is wrong at each field, and takes the person to the first.
function mark(form, names, messages = {}) {
  for (const { name } of FIELDS) {
    const input = form.elements[name];
    const bad = names.includes(name);
    input.toggleAttribute("aria-invalid", bad);
    if (bad) input.setAttribute("aria-invalid", "true");
    const own = "error." + name;
    form.querySelector(`#${name}-error`).textContent = bad ? (has(own) ? t(own) : messages[name]) : "";
  }
  form.querySelector("#field-summary").textContent = names.length ? t("details.errors", { count: names.length }) : "";
  if (names.length) form.elements[names[0]].focus();
}

// The customer's language and zone, for letters and times that they read. A browser that does not
// know its zone says so, and no letter could be written by that.
function device() {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return { locale: language(), ...(timezone && timezone !== "Etc/Unknown" && { timezone }) };
}

async function hold(choice, slot, { name, email, phone, notes }) {
  const body = {
    resource_id: choice.resource.id,
    offering_id: choice.offering.id,
    ...(slot.date ? { date: slot.date } : { starts_at: slot.starts_at }),
    tier: choice.price.tier,
    package: choice.price.package,
    customer: { name, email, ...(phone && { phone }) },
    ...(notes && { notes }),
    ...device(),
  };
  pendingHold.set({ at: Date.now(), choice: choiceOf(choice), slot, body });
  await send(choice, slot, body);
}

async function send(choice, slot, body) {
  const current = nextView();
  try {
    const held = await call("POST", "/v1/holds", { body, attempt: "hold" });
    bookings.set(held.id, {
      key: currentKey(),
      secret: held.client_secret,
      offering: offeringName(choice),
      resource: choice.resource.name,
      timezone: choice.resource.timezone,
      ...timesOf(held),
      again: { ...choiceOf(choice), ...(slot.date ? { date: slot.date } : { start: slot.starts_at }) },
    });
    pendingHold.clear();
    draft.clear();
    forgetTimes();
    if (current()) await replace({ booking: held.id });
  } catch (problem) {
    if (!problem.passing) pendingHold.clear();
    if (!current()) return;
    if (problem.code === "slot_taken") return showTaken(choice, slot, body, problem.body.alternatives ?? []);
    if (["not_offered", "not_priced", "not_found"].includes(problem.code)) {
      forgetTimes();
      await replace(choiceOf(choice), { rendering: false });
      return showTimes(choice, { notice: t("gone.text") });
    }
    const form = document.querySelector("form.form");
    if (problem.code !== "invalid_request" || !form) throw problem;
    showFieldErrors(form, problem);
  }
}

function showFieldErrors(form, problem) {
  const messages = Object.fromEntries((problem.body.errors ?? []).map(({ field, message }) =>
    [field.split(".").pop(), message]));
  const names = FIELDS.map(({ name }) => name).filter((name) => Object.hasOwn(messages, name));
  if (names.length) mark(form, names, messages);
  else tell(problem);
}

function showTaken(choice, slot, body, alternatives) {
  forgetTimes();
  const time = slot.date ? format.date(slot.date) : `${format.day(slot.starts_at)}, ${format.time(slot.starts_at)}`;
  const take = (other) => {
    const { starts_at: _, date: __, ...rest } = body;
    const start = other.date ? { date: other.date } : { starts_at: other.starts_at };
    const next = { ...rest, ...start };
    pendingHold.set({ at: Date.now(), choice: choiceOf(choice), slot: other, body: next });
    return send(choice, other, next);
  };
  const ordered = alternatives.toSorted((a, b) => a.starts_at.localeCompare(b.starts_at));
  display({
    title: t("taken.title"),
    lead: t(ordered.length ? "taken.lead" : "taken.none", { time }),
    above: steps("time"),
    tone: "sorry",
    aside: choiceCard(choice),
    content: [slotList(choice, ordered, take, { full: true }),
      el("div", { class: "actions" }, button(t("taken.all"), () => go(choiceOf(choice)), ordered.length ? "plain" : "main"))],
  });
}

// A hold whose answer never came, because the page was closed or reloaded meanwhile: the same request
// under the same idempotency key gets its result. True if it has taken over the page.
export async function resumeHold() {
  const pending = pendingHold.get();
  if (!pending) return false;
  if (Date.now() - pending.at > 120_000) {
    pendingHold.clear();
    attempts.answered("hold");
    return false;
  }
  const choice = await choiceAt(pending.choice);
  if (!choice) return false;
  const { date, starts_at: start } = pending.slot;
  replace({ ...pending.choice, ...(date ? { date } : { start }) }, { rendering: false });
  showDetails(choice, { date, start });
  await attempt(() => send(choice, pending.slot, pending.body), document.querySelector("form.form button.main"));
  return true;
}
