// Money, times and lengths as people read them, in the page's language.

import { language } from "./i18n.js";

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
// "30 Nov – 3 Jan"; with the year where it could be another one
export function dateRange(from, to) {
  const far = Math.abs(Date.parse(to) - Date.now()) > 300 * 86_400_000;
  const options = { day: "numeric", month: "short", ...(far && { year: "numeric" }), timeZone: "UTC" };
  return [from, to].map((date) => show(whole(date), options)).join(" – "); // formatRange adds the year
}
export const shortMonth = (text) => show(whole(text), { month: "short", timeZone: "UTC" });
export function shortWeekday(text) {
  const [short, narrow] = ["short", "narrow"].map((weekday) => show(whole(text), { weekday, timeZone: "UTC" }));
  return short.length > 4 ? narrow : short; // Arabic has no short form
}
export const weekday = (text) => show(whole(text), { weekday: "long", timeZone: "UTC" });
export const dayNumber = (text) => show(whole(text), { day: "numeric", timeZone: "UTC" });

// the local date of an instant, as 2026-11-21
export const localDate = (instant, timeZone = zone) => {
  const name = "date" + timeZone;
  if (!made.has(name)) made.set(name, new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone }));
  return made.get(name).format(new Date(instant));
};

// Whether the clocks of two zones show something else at some of these instants: many zones share
// their hours, for a part of the year or for all of it.
export const differ = (one, other, instants) =>
  one !== other && instants.some((instant) => clockIn(one, instant) !== clockIn(other, instant));
const clockIn = (timeZone, instant) => localDate(instant, timeZone) + time(instant, timeZone);

export const when = ({ date: on, starts_at: start, ends_at: end }) =>
  on ? longDate(on) : `${day(start)}, ${timeSpan(start, end)}`;

export const timeSpan = (start, end, timeZone = zone) =>
  formatter(Intl.DateTimeFormat, { timeStyle: "short", timeZone })
    .formatRange(new Date(start), new Date(end));

export function length(minutes) {
  const unit = (value, name) => number(value, { style: "unit", unit: name, unitDisplay: "short" });
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours && unit(hours, "hour"), rest && unit(rest, "minute")].filter(Boolean).join(" ");
}

// Europe/Berlin → "Berlin", with the zone's own name beside it
export const city = (timeZone) => timeZone.split("/").pop().replaceAll("_", " ");
export function zoneName(timeZone, instant = Date.now()) {
  const named = (timeZoneName) =>
    new Intl.DateTimeFormat(language(), { timeZone, timeZoneName }).formatToParts(new Date(instant))
      .find((part) => part.type === "timeZoneName")?.value;
  // what has no seasons may have no generic name, and would be called by its offset: UTC is one
  const generic = named("longGeneric");
  return (/\p{Nd}/u.test(generic) ? named("long") : generic) ?? timeZone;
}

export function left(seconds) {
  const two = (value) => number(value, { minimumIntegerDigits: 2 });
  return `${number(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}
