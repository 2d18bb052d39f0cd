// What is being booked, beside every step of booking it.

import * as format from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { el, theirs } from "../shared/page.js";

function hue(text) {
  let sum = 0;
  for (const character of text) sum = (sum * 131 + character.codePointAt(0)) % 360;
  return sum;
}

// A round sign with initials: resources have no pictures.
export function monogram(name) {
  const initials = name.split(/[\s,]+/).filter(Boolean).slice(0, 2).map((word) => [...word][0]);
  const sign = el("span", { class: "monogram", "aria-hidden": "true" }, initials.join(""));
  sign.style.setProperty("--hue", hue(name));
  return sign;
}

export function offeringName({ offering, price }) {
  const tier = offering.prices.length > 1 ? price.tier.replaceAll("_", " ") : "";
  return tier ? `${offering.name} (${tier})` : offering.name;
}

export const lengthOf = (offering) => format.length(offering.duration_minutes) || t("length.date");

const STEPS = ["time", "details", "pay"];

export function steps(current) {
  const at = STEPS.indexOf(current);
  const items = STEPS.map((step, index) =>
    el("li", { "aria-current": index === at && "step", class: index < at ? "done" : "" },
      el("span", { class: "dot", "aria-hidden": "true" }, index < at ? "✓" : format.number(index + 1)),
      el("span", {}, t("steps." + step))));
  return el("ol", { class: "steps", "aria-label": t("steps.label") }, items);
}

const row = (name, ...content) => el("div", {}, el("dt", {}, t(name)), el("dd", {}, content));

function whenRows(slot, timezone) {
  if (slot.date) return row("summary.when", format.longDate(slot.date));
  const rows = [row("summary.when", format.day(slot.starts_at), el("br"),
    format.timeSpan(slot.starts_at, slot.ends_at))];
  if (timezone && format.differ(format.zone, timezone, [slot.starts_at, slot.ends_at])) {
    rows.push(row("summary.local", format.day(slot.starts_at, timezone), el("br"), `${format.timeSpan(slot.starts_at, slot.ends_at, timezone)} (${format.city(timezone)})`));
  }
  return rows;
}

// The aside while choosing: `slot` is not there before a time is.
export function choiceCard(choice, slot = null) {
  const { resource, offering, price } = choice;
  return el("aside", { class: "card summary", "aria-label": t("summary.title") },
    el("div", { class: "who" }, monogram(resource.name),
      el("div", {}, el("strong", {}, theirs(offeringName(choice))), el("span", {}, theirs(resource.name)))),
    el("dl", { class: slot ? "" : "brief" },
      slot ? whenRows(slot, resource.timezone) : null,
      row("summary.length", lengthOf(offering)),
      row("summary.price", el("span", { class: "price" }, format.money(price.price)))));
}

// The aside of a booking: what the browser remembers of it, and what the API says.
export function bookingCard(booking, kept) {
  const paid = ["scheduled", "active", "ended", "completed"].includes(booking.status);
  return el("aside", { class: "card summary", "aria-label": t("summary.title") },
    el("div", { class: "who" }, monogram(kept.resource),
      el("div", {}, el("strong", {}, theirs(kept.offering)), el("span", {}, theirs(kept.resource)))),
    el("dl", {},
      whenRows(booking, kept.timezone),
      row(paid ? "summary.paid" : "summary.price", el("span", { class: "price" }, format.money(booking.price))),
      row("summary.for", theirs(booking.customer.name), el("br"), el("span", { class: "soft" }, theirs(booking.customer.email))),
      row("summary.number", el("code", { title: booking.id }, booking.reference))));
}
