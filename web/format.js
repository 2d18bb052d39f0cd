// Money and times as people read them. Times are shown in the browser's zone.

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function money({ amount, currency }) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const show = (instant, options) => new Intl.DateTimeFormat(undefined, options).format(new Date(instant));
const DAY = { weekday: "long", day: "numeric", month: "long" };

export const time = (instant, timeZone = zone) =>
  show(instant, { hour: "2-digit", minute: "2-digit", timeZone });
export const day = (instant, timeZone = zone) => show(instant, { ...DAY, timeZone });
// a whole date is that date everywhere
export const date = (text) => show(text + "T00:00:00Z", { ...DAY, year: "numeric", timeZone: "UTC" });

export const when = ({ date: on, starts_at: start, ends_at: end }) =>
  on ? date(on) : `${day(start)}, ${time(start)} – ${time(end)}`;

export function left(instant) {
  const seconds = Math.max(0, Math.ceil((new Date(instant) - Date.now()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
