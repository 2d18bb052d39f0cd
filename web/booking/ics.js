// A calendar file (RFC 5545) of a booking, made in the browser. Its UID and SEQUENCE are those of the
// feed (calendars/export.py), so that a calendar that has both shows one event.

const escaped = (text) =>
  text.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n");
const utc = (instant) => new Date(instant).toISOString().replace(/[-:]|\.\d+/g, "");

// Lines have up to 75 octets; a longer one goes on after a space, never inside a character.
function folded(line) {
  const encoder = new TextEncoder();
  const lines = [];
  let current = "";
  let octets = 0;
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (octets + size > 75) {
      lines.push(current);
      current = " ";
      octets = 1;
    }
    current += character;
    octets += size;
  }
  return [...lines, current].join("\r\n");
}

function nextDay(date) {
  const day = new Date(date + "T00:00:00Z");
  day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}

export function calendar(booking, { resource, offering }) {
  const plain = (date) => date.replaceAll("-", "");
  const period = booking.date
    ? [`DTSTART;VALUE=DATE:${plain(booking.date)}`, `DTEND;VALUE=DATE:${plain(nextDay(booking.date))}`]
    : [`DTSTART:${utc(booking.starts_at)}`, `DTEND:${utc(booking.ends_at)}`];
  const lines = [
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Holdfast//Booking page//EN", "METHOD:PUBLISH",
    "BEGIN:VEVENT", `UID:${booking.id}@holdfast`, `DTSTAMP:${utc(booking.updated_at)}`,
    `SEQUENCE:${booking.version}`, ...period,
    `SUMMARY:${escaped(`${offering}, ${resource}`)}`, "STATUS:CONFIRMED", "TRANSP:OPAQUE",
    "END:VEVENT", "END:VCALENDAR",
  ];
  return lines.map(folded).join("\r\n") + "\r\n";
}

export function download(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/calendar;charset=utf-8" }));
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
