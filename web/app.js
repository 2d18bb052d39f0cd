// The booking page: choose, hold, pay, see what came of it. One view after another in <main>.

import { Problem, call, key, memory, pause } from "./api.js";
import * as format from "./format.js";

const DAYS = { slot: 7, date: 28 }; // shown at once
const FINAL = ["confirmed", "refunded", "expired", "cancelled", "declined", "ended", "completed"];

const view = document.getElementById("view");
const alarm = document.getElementById("problem");
let shown = 0; // counts views, so that a slow answer or a timer does not disturb a later one

// Making the page ---------------------------------------------------------------------------------

function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(attribute, value);
    else if (value !== false) node.setAttribute(attribute, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null));
  return node;
}

function display(title, ...content) {
  shown += 1;
  alarm.hidden = true;
  const heading = el("h1", { tabindex: "-1" }, title);
  view.replaceChildren(heading, ...content.flat(2).filter((child) => child !== null));
  document.title = title;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
  return shown;
}

// A button works on one click at a time; what goes wrong is told, the page stays as it is.
function button(text, action, kind = "") {
  return el("button", { type: "button", class: kind, click: (event) => attempt(action, event.currentTarget) }, text);
}

async function attempt(action, control = null) {
  alarm.hidden = true;
  if (control) control.disabled = true;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) return askForKey("That key is not known.");
    alarm.textContent = [error.message, error.hint].filter(Boolean).join(" ");
    alarm.hidden = false;
    alarm.scrollIntoView({ block: "nearest" });
  } finally {
    if (control) control.disabled = false;
  }
}

function facts(booking, words) {
  const rows = [
    ["What", words ? `${words.offering}, ${words.resource}` : null],
    ["When", format.when(booking)],
    ["Price", format.money(booking.price)],
    ["For", `${booking.customer.name}, ${booking.customer.email}`],
  ];
  const given = rows.filter(([, text]) => text);
  return el("div", { class: "card" }, el("dl", {}, given.map(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])));
}

// The key -----------------------------------------------------------------------------------------

function askForKey(why = "") {
  const input = el("input", { name: "key", required: true, autocomplete: "off", spellcheck: "false", placeholder: "pk_test_…" });
  const submit = (event) => {
    event.preventDefault();
    key.set(input.value.trim());
    attempt(chooseOffering);
  };
  key.forget();
  display("Which shop?",
    why ? el("p", { class: "bad" }, why) : null,
    el("p", { class: "soft" }, "Give its publishable key. On your own machine, make up prints it."),
    el("form", { submit }, el("label", {}, "Publishable key", input),
      el("div", { class: "row" }, el("button", { class: "main" }, "Continue"))));
}

// Choosing ----------------------------------------------------------------------------------------

async function allResources() {
  const resources = [];
  for (let cursor = ""; cursor !== null; ) {
    const page = await call("GET", "/v1/resources?limit=100" + (cursor && "&cursor=" + encodeURIComponent(cursor)));
    resources.push(...page.resources);
    cursor = page.next_cursor;
  }
  return resources.filter((resource) => resource.confirmation === "instant" && resource.offerings.length);
}

async function chooseOffering() {
  const resources = await allResources();
  display("What would you like to book?", resources.map((resource) => [
    el("h2", {}, resource.name),
    el("div", { class: "choices" }, resource.offerings.flatMap((offering) => offering.prices.map((price) => {
      const plain = offering.prices.length === 1;
      const length = offering.duration_minutes ? `, ${offering.duration_minutes} minutes` : "";
      const name = offering.name + (plain ? "" : `, ${price.tier}`) + length;
      const choice = { resource, offering, price };
      return button([el("span", {}, name), el("span", {}, format.money(price.price))], () => chooseTime(choice));
    }))),
  ]));
}

async function chooseTime(choice, from = new Date()) {
  const { resource, offering } = choice;
  const span = DAYS[resource.booking_mode] * 86_400_000;
  const to = new Date(from.getTime() + span);
  const query = new URLSearchParams({ offering_id: offering.id, from: from.toISOString(), to: to.toISOString() });
  const { slots } = await call("GET", `/v1/resources/${resource.id}/slots?${query}`);
  const earlier = new Date(Math.max(Date.now(), from.getTime() - span));
  display(`${offering.name}, ${resource.name}`,
    el("p", { class: "soft" }, zones(resource)),
    slots.length ? byDay(slots, resource, (slot) => giveDetails(choice, slot))
      : el("p", {}, `Nothing is free from ${format.day(from)} to ${format.day(to)}.`),
    el("div", { class: "row" },
      from.getTime() > Date.now() ? button("Earlier", () => chooseTime(choice, earlier)) : null,
      button("Later", () => chooseTime(choice, to)),
      button("Something else", chooseOffering, "plain")));
}

function zones({ booking_mode: mode, timezone }) {
  if (mode === "date") return `Whole days, from midnight to midnight in ${timezone}.`;
  if (timezone === format.zone) return `Times are in ${timezone}.`;
  return `Times are in your zone, ${format.zone}. The place is in ${timezone}; where its clocks differ, their time is below.`;
}

function byDay(slots, resource, choose) {
  const days = new Map();
  for (const slot of slots) {
    const name = slot.date ? "" : format.day(slot.starts_at);
    days.set(name, [...(days.get(name) || []), slot]);
  }
  const label = (slot) => {
    if (slot.date) return format.date(slot.date);
    const [here, there] = [format.zone, resource.timezone].map((zone) => format.time(slot.starts_at, zone));
    return here === there ? here : [here, el("small", {}, there)];
  };
  return [...days].map(([name, ofDay]) => [
    name ? el("h2", {}, name) : null,
    el("div", { class: name ? "times" : "times dates" },
      ofDay.map((slot) => button(label(slot), () => choose(slot)))),
  ]);
}

// Holding -----------------------------------------------------------------------------------------

function giveDetails(choice, slot) {
  const field = (label, name, more) => el("label", {}, label, el("input", { name, ...more }));
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    attempt(() => hold(choice, slot, given), event.submitter);
  };
  display("Who is it for?",
    el("p", {}, `${choice.offering.name}, ${choice.resource.name}: ${format.when(slot)}, ${format.money(choice.price.price)}`),
    el("form", { submit },
      field("Name", "name", { required: true, maxlength: "200", autocomplete: "name" }),
      field("E-mail", "email", { type: "email", required: true, maxlength: "254", autocomplete: "email" }),
      field(["Phone ", el("small", {}, "optional, with country code")], "phone", { type: "tel", autocomplete: "tel" }),
      el("label", {}, "Notes ", el("small", {}, "optional"), el("textarea", { name: "notes", maxlength: "2000" })),
      el("div", { class: "row" },
        el("button", { class: "main" }, "Hold this time"),
        button("Another time", () => chooseTime(choice), "plain"))));
}

async function hold(choice, slot, { name, email, phone, notes }) {
  const customer = { name, email, ...(phone && { phone }) };
  const start = slot.date ? { date: slot.date } : { starts_at: slot.starts_at };
  const body = {
    resource_id: choice.resource.id, offering_id: choice.offering.id, ...start,
    tier: choice.price.tier, package: choice.price.package, customer, ...(notes && { notes }),
  };
  try {
    const held = await call("POST", "/v1/holds", { body });
    memory.set(held.id, { secret: held.client_secret, offering: choice.offering.name, resource: choice.resource.name });
    history.replaceState(null, "", "?booking=" + held.id);
    await showBooking(held.id);
  } catch (error) {
    if (error.code !== "slot_taken") throw error;
    display("Somebody was quicker", el("p", {}, "That time has just been taken. These are free:"),
      byDay(error.body.alternatives, choice.resource, (other) => giveDetails(choice, other)),
      el("div", { class: "row" }, button("All times", () => chooseTime(choice), "plain")));
  }
}

// Paying, and what came of it ---------------------------------------------------------------------

const WORDS = {
  held: ["The time is yours for now", "Pay before the hold runs out, and it is booked."],
  processing: ["Waiting for the payment", "This page follows it by itself. If you have not paid yet, go on."],
  requested: ["Requested", "The answer comes by e-mail."],
  confirmed: ["Booked", "It is paid and confirmed."],
  refunding: ["Your money is on its way back", "The time could not be kept."],
  refunded: ["Your money was sent back", "The time could not be kept."],
  expired: ["The time was given back", "Nothing was charged."],
};

async function showBooking(id) {
  const kept = memory.get(id);
  if (!kept) {
    display("This booking belongs to another tab", el("p", {}, "It can be seen where it was made."),
      button("Book something", restart, "main"));
    return;
  }
  const ask = () => call("GET", `/v1/bookings/${id}/confirmation`, { secret: kept.secret });
  const { status, booking } = await ask();
  const [title, text] = WORDS[status] || [status[0].toUpperCase() + status.slice(1), ""];
  const payable = status === "held" || status === "processing";
  const countdown = el("span", { class: "left" });
  const mine = display(title,
    el("p", { class: status === "confirmed" ? "good" : "soft" }, text),
    facts(booking, kept),
    status === "held" ? el("p", {}, "Held for another ", countdown) : null,
    el("div", { class: "row" },
      payable ? button("Pay " + format.money(booking.price), () => pay(id, kept.secret), "main") : null,
      payable ? button("Give the time back", () => release(id, kept.secret), "plain") : null,
      FINAL.includes(status) ? button("Book another", restart) : null));
  if (!FINAL.includes(status)) follow(id, mine, status, booking.hold_expires_at, countdown, ask);
}

// Look again until something else is true: when a hold has run out, or after growing pauses.
async function follow(id, mine, status, deadline, countdown, ask) {
  for (let wait = 1000; shown === mine; wait = Math.min(wait * 1.5, 10_000)) {
    while (status === "held" && shown === mine && new Date(deadline) > new Date()) {
      countdown.textContent = format.left(deadline);
      await pause(250);
    }
    await pause(wait);
    const now = shown === mine && (await ask().catch(() => null));
    if (now && now.status !== status && shown === mine) return attempt(() => showBooking(id));
  }
}

async function pay(id, secret) {
  const back = new URL("?booking=" + id, location.href).href;
  const body = { success_url: back, cancel_url: back };
  const { checkout_url: page } = await call("POST", `/v1/bookings/${id}/checkout`, { body, secret });
  location.assign(page);
}

async function release(id, secret) {
  await call("DELETE", `/v1/holds/${id}`, { secret });
  await showBooking(id);
}

function restart() {
  history.replaceState(null, "", "./");
  return start();
}

async function start() {
  const given = new URLSearchParams(location.search);
  if (given.has("key")) {
    key.set(given.get("key"));
    given.delete("key");
    history.replaceState(null, "", `${given}` ? `?${given}` : "./"); // not left in the address bar
  }
  if (!key.get()) askForKey();
  else if (given.has("booking")) await showBooking(given.get("booking"));
  else await chooseOffering();
}

attempt(start);
