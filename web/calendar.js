// A month of days as a grid: one stop for the Tab key, arrow keys inside (the WAI-ARIA date grid).

import * as format from "./format.js";
import { isRtl, language, t } from "./i18n.js";
import { el } from "./page.js";

const two = (value) => String(value).padStart(2, "0");
export const iso = (day) => `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
export const monthOf = (date) => date.slice(0, 7);
const parse = (date) => new Date(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8) || 1), 12);

export function addDays(date, days) {
  const day = parse(date);
  day.setDate(day.getDate() + days);
  return iso(day);
}

export function addMonths(month, count) {
  const day = parse(month + "-01");
  day.setMonth(day.getMonth() + count);
  return monthOf(iso(day));
}

// 1 is Monday; where the browser does not know, Monday it is
function firstWeekday() {
  const locale = new Intl.Locale(language());
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
}

// Six weeks, always: the page keeps its height from month to month.
function daysOf(month) {
  const first = parse(month + "-01");
  const lead = (first.getDay() - (firstWeekday() % 7) + 7) % 7;
  return Array.from({ length: 42 }, (_, index) => addDays(month + "-01", index - lead));
}

// `free` maps a date to what a screen reader says of it; other days cannot be chosen.
export function grid({ month, free, chosen, busy, choose, turn }) {
  const days = daysOf(month);
  const inside = (date) => monthOf(date) === month;
  const stop = [chosen, ...free.keys()].find((date) => date && inside(date)) ?? month + "-01";

  const weekdays = days.slice(0, 7).map((date) =>
    el("th", { scope: "col", abbr: format.weekday(date) }, format.shortWeekday(date)));
  const cell = (date) => {
    if (!inside(date)) return el("td", { class: "outside" });
    const open = free.has(date);
    const label = free.get(date) ?? t("times.day_none", { day: format.date(date) });
    const day = el("button", {
      type: "button", class: "day", tabindex: date === stop ? "0" : "-1", "data-date": date,
      "aria-disabled": !open && "true", "aria-label": label, "aria-pressed": date === chosen ? "true" : "false",
      "aria-current": date === iso(new Date()) && "date",
      click: () => open && choose(date),
    }, format.dayNumber(date));
    return el("td", { role: "gridcell" }, day);
  };
  const weeks = Array.from({ length: 6 }, (_, week) =>
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
    else turn(monthOf(target), target);
  };
  const table = el("table", {
    role: "grid", class: "month", "aria-label": t("times.calendar", { month: format.month(month) }),
    "aria-busy": busy ? "true" : "false", keydown: keys,
  }, el("thead", {}, el("tr", {}, weekdays)), el("tbody", {}, weeks));
  return table;
}

// the 31st of the month before a shorter one is its last day
function sameDay(date, months) {
  const month = addMonths(monthOf(date), months);
  const last = addDays(addMonths(month, 1) + "-01", -1);
  const same = `${month}-${date.slice(8)}`;
  return same > last ? last : same;
}

export function focusDay(table, date) {
  const day = table.querySelector(`[data-date="${date}"]`);
  if (!day) return;
  for (const other of table.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
  day.tabIndex = 0;
  day.focus();
}
