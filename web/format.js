// Money, times and lengths as people read them, in the page's language.

import { language, t } from "./i18n.js";

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const made = new Map(); // formatters are slow to make

function formatter(kind, options) {
  const name = kind.name + language() + JSON.stringify(options);
  if (!made.has(name)) made.set(name, new kind(language(), options));
  return made.get(name);
}

const show = (instant, options) => formatter(Intl.DateTimeFormat, options).format(new Date(instant));
const whole = (date) => date + "T00:00:00Z"; // a whole date is that date everywhere

export function money({ amount, currency }) {
  const exact = formatter(Intl.NumberFormat, { style: "currency", currency });
  const digits = exact.resolvedOptions().maximumFractionDigits;
  const round = amount % 10 ** digits === 0; // £45, but £45.50
  const shown = round
    ? formatter(Intl.NumberFormat, { style: "currency", currency, maximumFractionDigits: 0 })
    : exact;
  return shown.format(amount / 10 ** digits);
}

export const number = (value, options = {}) => formatter(Intl.NumberFormat, options).format(value);
export const time = (instant, timeZone = zone) =>
  show(instant, { timeStyle: "short", timeZone });
export const day = (instant, timeZone = zone) =>
  show(instant, { weekday: "long", day: "numeric", month: "long", timeZone });
export const date = (text) =>
  show(whole(text), { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
export const longDate = (text) =>
  show(whole(text), { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
export const month = (text) =>
  show(whole(text + "-01"), { month: "long", year: "numeric", timeZone: "UTC" });
export function shortWeekday(text) {
  const [short, narrow] = ["short", "narrow"].map((weekday) => show(whole(text), { weekday, timeZone: "UTC" }));
  return short.length > 4 ? narrow : short; // Arabic has no short form
}
export const weekday = (text) => show(whole(text), { weekday: "long", timeZone: "UTC" });
export const dayNumber = (text) => show(whole(text), { day: "numeric", timeZone: "UTC" });

// the local date of an instant, as 2026-11-21
const parts = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });
export const localDate = (instant) => parts.format(new Date(instant));

export const when = ({ date: on, starts_at: start, ends_at: end }) =>
  on ? longDate(on) : `${day(start)}, ${timeSpan(start, end)}`;

export const timeSpan = (start, end, timeZone = zone) =>
  formatter(Intl.DateTimeFormat, { timeStyle: "short", timeZone })
    .formatRange(new Date(start), new Date(end));

export function length(minutes) {
  if (!minutes) return t("length.date");
  const unit = (value, name) => number(value, { style: "unit", unit: name, unitDisplay: "short" });
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours && unit(hours, "hour"), rest && unit(rest, "minute")].filter(Boolean).join(" ");
}

// Europe/Berlin → "Berlin", with the zone's own name beside it
export const city = (timeZone) => timeZone.split("/").pop().replaceAll("_", " ");
export function zoneName(timeZone, instant = Date.now()) {
  const format = new Intl.DateTimeFormat(language(), { timeZone, timeZoneName: "longGeneric" });
  const name = format.formatToParts(new Date(instant)).find((part) => part.type === "timeZoneName");
  return name?.value ?? timeZone;
}

export function left(seconds) {
  const two = (value) => number(value, { minimumIntegerDigits: 2 });
  return `${number(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}
