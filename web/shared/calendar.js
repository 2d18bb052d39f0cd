// Five weeks of days as a grid: one stop for the Tab key, arrow keys inside (the WAI-ARIA date grid).

import * as format from "./format.js";
import { isRtl, language } from "./i18n.js";
import { el } from "./page.js";

export const SPAN = 35; // days on show
const ROWS = 6; // weeks that so many days may touch: the grid always has the same height

const two = (value) => String(value).padStart(2, "0");
export const iso = (day) => `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
const parse = (date) => new Date(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8)), 12);

// An address may contain anything.
export const isDate = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && iso(parse(text)) === text;
export const isInstant = (text) => /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));

export function addDays(date, days) {
  const day = parse(date);
  day.setDate(day.getDate() + days);
  return iso(day);
}

export const daysBetween = (from, to) => Math.round((parse(to) - parse(from)) / 86_400_000);

// 1 is Monday; where the browser does not know, Monday it is
function firstWeekday() {
  const locale = new Intl.Locale(language());
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
}

// Whole weeks, of which only the days from `first` on are shown.
function daysOf(first) {
  const lead = (parse(first).getDay() - (firstWeekday() % 7) + 7) % 7;
  return Array.from({ length: 7 * ROWS }, (_, index) => addDays(first, index - lead));
}

// What a screen reader says: `free` maps a date to it; for days that cannot be chosen `other` answers it.
export function grid({ first, free, other, label, chosen, busy, choose, turn }) {
  const days = daysOf(first);
  const last = addDays(first, SPAN - 1);
  const inside = (date) => date >= first && date <= last;
  const stop = [chosen, ...free.keys()].find((date) => date && inside(date)) ?? first;

  const weekdays = days.slice(0, 7).map((date) =>
    el("th", { scope: "col", abbr: format.weekday(date) }, format.shortWeekday(date)));
  const cell = (date) => {
    if (!inside(date)) return el("td", { class: "outside" });
    const open = free.has(date);
    const month = date === first || date.endsWith("-01");
    const day = el("button", {
      type: "button", class: "day", tabindex: date === stop ? "0" : "-1", "data-date": date,
      "aria-disabled": !open && "true", "aria-label": free.get(date) ?? other(date), "aria-pressed": date === chosen ? "true" : "false",
      "aria-current": date === iso(new Date()) && "date",
      click: () => open && choose(date),
    }, month ? el("small", {}, format.shortMonth(date)) : null, el("span", {}, format.dayNumber(date)));
    return el("td", { role: "gridcell" }, day);
  };
  const weeks = Array.from({ length: ROWS }, (_, week) =>
    el("tr", {}, days.slice(week * 7, week * 7 + 7).map(cell)));

  const keys = (event) => {
    const date = event.target.dataset?.date;
    const step = { ArrowLeft: isRtl() ? 1 : -1, ArrowRight: isRtl() ? -1 : 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    const weekday = days.indexOf(date) % 7;
    let target = null;
    if (!date) return;
    if (step) target = addDays(date, step);
    else if (event.key === "Home") target = addDays(date, -weekday);
    else if (event.key === "End") target = addDays(date, 6 - weekday);
    else if (event.key === "PageUp") target = sameDay(date, -1);
    else if (event.key === "PageDown") target = sameDay(date, 1);
    if (!target) return;
    event.preventDefault();
    if (inside(target)) focusDay(table, target);
    else turn(target);
  };
  const table = el("table", {
    role: "grid", class: "month", "aria-label": label, "aria-busy": busy ? "true" : "false", keydown: keys,
  }, el("thead", {}, el("tr", {}, weekdays)), el("tbody", {}, weeks));
  return table;
}

// a month before or after; the 31st of a shorter month is its last day
function sameDay(date, months) {
  const day = parse(date);
  day.setDate(1);
  day.setMonth(day.getMonth() + months);
  const last = new Date(day.getFullYear(), day.getMonth() + 1, 0, 12).getDate();
  day.setDate(Math.min(Number(date.slice(8)), last));
  return iso(day);
}

export function focusDay(table, date) {
  const day = table.querySelector(`[data-date="${date}"]`);
  if (!day) return;
  for (const other of table.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
  day.tabIndex = 0;
  day.focus();
}
