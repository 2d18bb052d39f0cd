// The free days of five weeks and the free times of a day, in the customer's zone.

import { call, path } from "../shared/api.js";
import * as calendar from "../shared/calendar.js";
import * as clock from "../shared/clock.js";
import * as format from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { announce, button, display, el, nextView, tell } from "../shared/page.js";
import { choiceOf, go, here, replace } from "../routes.js";
import { choiceCard, steps } from "./summary.js";

const FRESH = 20_000; // ms for which the same days are not asked for again
const AHEAD = 3; // times five weeks that are looked through before saying that nothing is free
const FAR = 11;
const spans = new Map();

// Where whole dates are booked, a day is the place's, and so is today.
const today = ({ resource }) =>
  format.localDate(clock.now(), resource.booking_mode === "date" ? resource.timezone : format.zone);

// The first of the days that are shown together with this one.
function firstOf(choice, date) {
  const now = today(choice);
  const ahead = Math.max(0, Math.floor(calendar.daysBetween(now, date) / calendar.SPAN));
  return calendar.addDays(now, ahead * calendar.SPAN);
}

// The free slots of five weeks, by local date. A whole date is that date at the place, which may
// begin on the day before or after here.
async function slotsOf({ resource, offering }, first) {
  const name = `${resource.id} ${offering.id} ${first}`;
  const known = spans.get(name);
  if (known && performance.now() - known.at < FRESH) return known.days;

  const margin = resource.booking_mode === "date" ? 1 : 0;
  const end = calendar.addDays(first, calendar.SPAN);
  const edge = (date, days) => new Date(calendar.addDays(date, days) + "T00:00:00").toISOString();
  const slots = await slotsBetween(resource, offering, edge(first, -margin), edge(end, margin));
  const days = new Map();
  for (const slot of slots) {
    const date = slot.date ?? format.localDate(slot.starts_at);
    if (date >= first && date < end) days.set(date, [...(days.get(date) ?? []), slot]);
  }
  spans.set(name, { at: performance.now(), days });
  return days;
}

// One question answers so many slots; where a span has more it is asked in halves.
async function slotsBetween(resource, offering, from, to) {
  const query = new URLSearchParams({ offering_id: offering.id, from, to });
  try {
    return (await call("GET", path`/v1/resources/${resource.id}/slots` + "?" + query)).slots;
  } catch (problem) {
    const middle = (Date.parse(from) + Date.parse(to)) / 2;
    if (problem.code !== "period_invalid" || middle - Date.parse(from) < 3_600_000) throw problem;
    const between = new Date(middle).toISOString();
    const halves = [slotsBetween(resource, offering, from, between), slotsBetween(resource, offering, between, to)];
    return (await Promise.all(halves)).flat();
  }
}

export const forgetTimes = () => spans.clear();

async function firstFree(choice, from, count) {
  for (let ahead = 0; ahead < count; ahead++) {
    const first = calendar.addDays(from, ahead * calendar.SPAN);
    const days = await slotsOf(choice, first);
    if (days.size) return { first, days };
  }
  return null;
}

export async function showTimes(choice, { notice = null } = {}) {
  const { day } = here();
  const current = nextView();
  const now = today(choice);
  const wanted = calendar.isDate(day) && day >= now && calendar.daysBetween(now, day) < 1000 ? day : null;
  const start = firstOf(choice, wanted ?? now);
  const skeleton = scene(choice, current, notice);
  if (!wanted) skeleton.draw(start, new Map(), { busy: true });
  const found = await firstFree(choice, start, wanted ? 1 : AHEAD);
  if (skeleton.gone()) return;
  const days = found?.days ?? new Map();
  skeleton.draw(found?.first ?? start, days, { chosen: wanted ?? [...days.keys()][0] ?? null });
}

// The view, redrawn in place as pages are turned and days chosen.
function scene(choice, current, notice) {
  const { resource } = choice;
  const whole = resource.booking_mode === "date";
  const left = el("div", { class: "card calendar" });
  const right = el("section", { class: "day-times", "aria-labelledby": "day-title" });
  let live = null; // tells whether this view is still on show
  let drawn = 0; // counts pages, so that a slow answer does not draw over a later one

  // `slots` are those on show: only where the clocks differ for one of them there is a second time
  const zones = (slots) => {
    const other = format.differ(format.zone, resource.timezone, slots.map((slot) => slot.starts_at));
    const names = { here: format.zoneName(format.zone), there: format.city(resource.timezone) };
    return t("times.zone_" + (whole ? "date" : other ? "other" : "same"), names);
  };

  const shown = () => {
    live ??= display({
      title: t(whole ? "times.title_date" : "times.title"),
      lead: zones([{ starts_at: clock.now() }]),
      above: steps("time"),
      aside: choiceCard(choice),
      content: [notice ? el("p", { class: "notice" }, notice) : null, el("div", { class: "pick" }, left, right)],
    });
  };

  async function turn(date, focus = null) {
    const first = firstOf(choice, date);
    if (date < today(choice)) return;
    draw(first, new Map(), { busy: true, focus });
    const mine = drawn;
    const wanted = () => live() && mine === drawn;
    try {
      const days = await slotsOf(choice, first);
      const inside = left.contains(document.activeElement) ? document.activeElement.dataset.date : null;
      if (wanted()) draw(first, days, { focus: inside });
    } catch (problem) {
      if (wanted()) tell(problem, () => turn(date, focus));
    }
  }

  async function lookOn(first) {
    const mine = drawn;
    const found = await firstFree(choice, calendar.addDays(first, calendar.SPAN), FAR);
    if (!live() || mine !== drawn) return;
    if (!found) return right.replaceChildren(el("p", { class: "empty" }, t("times.none_far")));
    const chosen = [...found.days.keys()][0];
    draw(found.first, found.days, { chosen, focus: chosen });
  }

  function draw(first, days, { chosen = null, busy = false, focus = null } = {}) {
    shown();
    drawn++;
    const choose = (date) => {
      draw(first, days, { chosen: date, focus: date });
      announce(t("times.announce", { day: format.date(date), count: days.get(date).length }));
      right.scrollIntoView({ block: "nearest" });
    };
    const label = (date, slots) =>
      t(whole ? "times.day_date" : "times.day_free", { day: format.date(date), count: slots.length });
    const free = new Map([...days].map(([date, slots]) => [date, label(date, slots)]));
    const last = calendar.addDays(first, calendar.SPAN - 1);
    const range = format.dateRange(first, last);
    const table = calendar.grid({
      first, free, chosen, busy, choose, label: t("times.calendar", { range }),
      other: (date) => t("times.day_none", { day: format.date(date) }), turn: (date) => turn(date, date),
    });
    left.replaceChildren(el("div", { class: "month-head" },
      el("h2", { "aria-live": "polite" }, range),
      arrow("previous", first <= today(choice), () => turn(calendar.addDays(first, -1))),
      arrow("next", false, () => turn(calendar.addDays(last, 1)))), table);
    if (focus) calendar.focusDay(table, focus);
    if (chosen) replace({ ...choiceOf(choice), day: chosen }, { rendering: false });

    const slots = days.get(chosen);
    if (slots) {
      document.querySelector(".lead").textContent = zones(slots);
      return right.replaceChildren(...timesOf(choice, chosen, slots));
    }
    if (busy) return right.replaceChildren(el("div", { class: "waiting", "aria-hidden": "true" }));
    // one tap to the next free day: among those on show, or looked for
    const next = [...free.keys()].find((date) => date > (chosen ?? first));
    if (!chosen && days.size) return right.replaceChildren(el("p", { class: "empty" }, t("times.pick_day")));
    right.replaceChildren(
      ...(chosen ? [el("h2", { id: "day-title" }, format.date(chosen))] : []),
      el("p", { class: "empty" }, t(chosen ? "times.none_day" : "times.none")),
      next ? button(t("times.next_free", { day: format.date(next) }), () => choose(next))
        : button(t("times.look_on"), () => lookOn(first)));
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
    const differ = format.differ(format.zone, resource.timezone, [slot.starts_at]);
    const text = slot.date ? format.date(slot.date) : full ? `${format.day(slot.starts_at)}, ${mine}` : mine;
    return el("li", {}, button([
      el("span", {}, text),
      !slot.date && differ ? el("small", {}, `${there} ${format.city(resource.timezone)}`) : null,
      shared ? el("small", {}, t("times.places", { count: slot.remaining })) : null,
    ], () => pick(slot), "time"));
  };
  return el("ul", { class: full ? "slots full" : "slots" }, slots.map(item));
}
