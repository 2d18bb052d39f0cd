// The free days of a month and the free times of a day, in the customer's zone.

import { call } from "../api.js";
import * as calendar from "../calendar.js";
import * as clock from "../clock.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { announce, button, display, el, nextView, tell } from "../page.js";
import { choiceOf, go, here, replace } from "../routes.js";
import { choiceCard } from "./summary.js";

const FRESH = 20_000; // ms for which a month is not asked for again
const AHEAD = 3; // months that are looked through before saying that nothing is free
const FAR = 12;
const months = new Map();

const today = () => format.localDate(clock.now());

// The free slots of a local month, by local date. A whole date is that date at the place, which may
// begin on the day before or after here.
async function slotsOf({ resource, offering }, month) {
  const name = `${resource.id} ${offering.id} ${month}`;
  const known = months.get(name);
  if (known && performance.now() - known.at < FRESH) return known.days;

  const whole = resource.booking_mode === "date";
  const margin = whole ? 1 : 0;
  const edge = (date, days) => new Date(calendar.addDays(date, days) + "T00:00:00").toISOString();
  const from = edge(month + "-01", -margin);
  const slots = await slotsBetween(resource, offering, from, edge(calendar.addMonths(month, 1) + "-01", margin));
  const days = new Map();
  for (const slot of slots) {
    const date = slot.date ?? format.localDate(slot.starts_at);
    if (calendar.monthOf(date) === month) days.set(date, [...(days.get(date) ?? []), slot]);
  }
  months.set(name, { at: performance.now(), days });
  return days;
}

// One question answers so many slots; where a month has more it is asked in halves.
async function slotsBetween(resource, offering, from, to) {
  const query = new URLSearchParams({ offering_id: offering.id, from, to });
  try {
    return (await call("GET", `/v1/resources/${resource.id}/slots?${query}`)).slots;
  } catch (problem) {
    const middle = (Date.parse(from) + Date.parse(to)) / 2;
    if (problem.code !== "period_invalid" || middle - Date.parse(from) < 3_600_000) throw problem;
    const between = new Date(middle).toISOString();
    const halves = [slotsBetween(resource, offering, from, between), slotsBetween(resource, offering, between, to)];
    return (await Promise.all(halves)).flat();
  }
}

export const forgetTimes = () => months.clear();

async function firstFree(choice, month, count) {
  for (let ahead = 0; ahead < count; ahead++) {
    const later = calendar.addMonths(month, ahead);
    const days = await slotsOf(choice, later);
    if (days.size) return { month: later, days };
  }
  return null;
}

export async function showTimes(choice, { notice = null } = {}) {
  const { day } = here();
  const current = nextView();
  const wanted = day && /^\d{4}-\d\d-\d\d$/.test(day) ? day : null;
  const start = calendar.monthOf(wanted ?? today());
  const skeleton = scene(choice, current, notice);
  if (!wanted) skeleton.draw(start, new Map(), { busy: true });
  const found = await firstFree(choice, start, wanted ? 1 : AHEAD);
  if (skeleton.gone()) return;
  const days = found?.days ?? new Map();
  const first = wanted && days.has(wanted) ? wanted : [...days.keys()][0] ?? null;
  skeleton.draw(found?.month ?? start, days, { chosen: first });
}

// The view, redrawn in place as months are turned and days chosen.
function scene(choice, current, notice) {
  const { resource } = choice;
  const whole = resource.booking_mode === "date";
  const left = el("div", { class: "card calendar" });
  const right = el("section", { class: "day-times", "aria-labelledby": "day-title" });
  const zones = { here: format.zoneName(format.zone), there: format.city(resource.timezone) };
  const which = whole ? "date" : resource.timezone === format.zone ? "same" : "other";
  let live = null; // tells whether this view is still on show

  const shown = () => {
    live ??= display({
      title: t(whole ? "times.title_date" : "times.title"),
      lead: t("times.zone_" + which, zones),
      step: "time",
      aside: choiceCard(choice),
      content: [notice ? el("p", { class: "notice" }, notice) : null, el("div", { class: "pick" }, left, right)],
    });
  };

  async function turn(month, focus = null) {
    if (month < calendar.monthOf(today())) return;
    draw(month, new Map(), { busy: true, focus });
    try {
      const days = await slotsOf(choice, month);
      const inside = left.contains(document.activeElement) ? document.activeElement.dataset.date : null;
      if (live()) draw(month, days, { focus: inside });
    } catch (problem) {
      if (live()) tell(problem, () => turn(month));
    }
  }

  async function lookOn(month) {
    const found = await firstFree(choice, calendar.addMonths(month, 1), FAR);
    if (!live()) return;
    if (!found) return right.replaceChildren(el("p", { class: "empty" }, t("times.none_far")));
    const chosen = [...found.days.keys()][0];
    draw(found.month, found.days, { chosen, focus: chosen });
  }

  function draw(month, days, { chosen = null, busy = false, focus = null } = {}) {
    shown();
    const choose = (date) => {
      draw(month, days, { chosen: date, focus: date });
      announce(t("times.announce", { day: format.date(date), count: days.get(date).length }));
      right.scrollIntoView({ block: "nearest" });
    };
    const label = (date, slots) =>
      t(whole ? "times.day_date" : "times.day_free", { day: format.date(date), count: slots.length });
    const free = new Map([...days].map(([date, slots]) => [date, label(date, slots)]));
    const table = calendar.grid({ month, free, chosen, busy, choose, turn });
    const first = calendar.monthOf(today());
    left.replaceChildren(el("div", { class: "month-head" },
      el("h2", { "aria-live": "polite" }, format.month(month)),
      arrow("previous", month <= first, () => turn(calendar.addMonths(month, -1))),
      arrow("next", false, () => turn(calendar.addMonths(month, 1)))), table);
    if (focus) calendar.focusDay(table, focus);
    if (chosen) replace({ ...choiceOf(choice), day: chosen }, { rendering: false });

    if (chosen) right.replaceChildren(...timesOf(choice, chosen, days.get(chosen)));
    else if (busy) right.replaceChildren(el("div", { class: "waiting", "aria-hidden": "true" }));
    else if (days.size) right.replaceChildren(el("p", { class: "empty" }, t("times.pick_day")));
    else {
      right.replaceChildren(el("p", { class: "empty" }, t("times.none", { month: format.month(month) })),
        button(t("times.look_on"), () => lookOn(month)));
    }
  }

  function arrow(kind, disabled, action) {
    const press = () => {
      action();
      left.querySelector("." + kind)?.focus();
    };
    return el("button", { type: "button", class: `icon ${kind}`, "aria-label": t("times." + kind), "aria-disabled": disabled && "true", click: () => disabled || press() });
  }

  return { draw, gone: () => (live ? !live() : !current()) };
}

const PARTS = [["morning", 12], ["afternoon", 17], ["evening", 24]];

function timesOf(choice, date, slots) {
  const heading = el("h2", { id: "day-title" }, format.date(date));
  const pick = (slot) => go({ ...choiceOf(choice), day: date, ...(slot.date ? { date: slot.date } : { start: slot.starts_at }) });
  if (choice.resource.booking_mode === "date") {
    return [heading, button(t("times.book_day"), () => pick(slots[0]), "main wide")];
  }
  const part = (slot) => PARTS.find(([, until]) => new Date(slot.starts_at).getHours() < until)[0];
  return [heading, ...PARTS.map(([name]) => {
    const some = slots.filter((slot) => part(slot) === name);
    return some.length ? [el("h3", {}, t("times." + name)), slotList(choice, some, pick)] : [];
  }).flat()];
}

// Times as buttons; `pick` gets the slot. `full` says the day too, for times of several days.
export function slotList({ resource, offering }, slots, pick, { full = false } = {}) {
  const shared = (offering.group_size ?? resource.capacity) > 1;
  const item = (slot) => {
    const [mine, there] = [format.zone, resource.timezone].map((zone) => format.time(slot.starts_at, zone));
    const text = slot.date ? format.date(slot.date) : full ? `${format.day(slot.starts_at)}, ${mine}` : mine;
    return el("li", {}, button([
      el("span", {}, text),
      !slot.date && mine !== there ? el("small", {}, `${there} ${format.city(resource.timezone)}`) : null,
      shared ? el("small", {}, t("times.places", { count: slot.remaining })) : null,
    ], () => pick(slot), "time"));
  };
  return el("ul", { class: full ? "slots full" : "slots" }, slots.map(item));
}
