// A booking: held, being paid, and its result. Follows by itself until that is final.

import { call, isId, keyFor, path, Problem } from "../shared/api.js";
import * as clock from "../shared/clock.js";
import * as format from "../shared/format.js";
import { has, t } from "../shared/i18n.js";
import * as frame from "../frame.js";
import { announce, button, display, el, nextView, theirs } from "../shared/page.js";
import { go, here, ownAddress, replace } from "../routes.js";
import { bookings, timesOf } from "../store.js";
import { bookingCard, steps } from "./summary.js";
import { forgetTimes } from "./times.js";

const SETTLED = ["confirmed", "refunded", "expired", "cancelled", "declined", "ended", "completed"];
const UNPAID = ["expired", "released", "declined"]; // views of bookings without a payment
const SOON = [120, 60, 30]; // seconds left at which the end is announced
const SLOW = 15_000; // ms after which a payment is said to take its time
const LONGEST = 10_000; // ms between two looks

export async function showBooking(id) {
  const kept = isId(id) ? bookings.get(id) : null;
  if (!kept) return unknown();
  const current = nextView();
  const answer = await ask(kept);
  if (current()) await show(kept, answer);
}

async function ask(kept, more = {}) {
  try {
    return await call("GET", path`/v1/bookings/${kept.id}/confirmation`, { ...access(kept), ...more });
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    return null; // not ours, or not any more
  }
}

const access = (kept) => ({ secret: kept.secret, key: keyFor(kept.key) });

// `kept` is what this browser remembers of a booking that the server does not show any more
function unknown(kept = null) {
  display({
    title: t("unknown.title"), lead: t(kept ? "unknown.gone" : "unknown.lead"),
    content: [actions(button(t("unknown.book"), () => go(), "main")), kept ? forgetting(kept) : null],
  });
}

// What a person should see, which is finer than the API's status: whether they have come back
// from the payment page by its success or not is known only here.
function stateOf(kept, { status, reason }) {
  const paid = kept.paid || here().return === "paid";
  if (status === "processing") {
    if (kept.released) return "releasing";
    return paid ? "processing" : "left";
  }
  // paid after its time was lost: the page must not say that nothing was charged before the provider does
  if (status === "expired" && !reason && paid && !kept.awaited) return "processing";
  if (status === "expired" && reason) return "unreturned"; // a refund that the bank did not take
  if (status === "expired" && kept.released) return "released";
  if (["refunding", "refunded"].includes(status) && reason === "time_lost") return "time_lost";
  return status;
}

async function show(kept, answer, before = null) {
  if (!answer) return unknown(kept);
  const { status, reason, booking } = answer;
  const state = stateOf(kept, answer);
  const settled = SETTLED.includes(status) && state !== "processing";
  if (state === "processing") bookings.set(kept.id, { paid: true, awaited: status === "processing" });
  const end = settled && { settled_at: kept.settled_at ?? Date.now() };
  bookings.set(kept.id, { ...timesOf(booking), ...end, unpaid: settled && UNPAID.includes(state) });
  if (settled) tidyAddress(kept.id);
  const draw = VIEWS[state] ?? plain;
  const live = draw({ kept, booking, status, reason, state, settled });
  if (before === "held" && status === "expired") announce(t("held.end"));
  frame.say("status", { booking: kept.id, status });
  if (!settled) follow(kept.id, { status, live });
}

// Look again after growing pauses, at once when the page is looked at or back online, until
// something else is true.
async function follow(id, { status, live }) {
  for (let wait = 1000; live(); wait = Math.min(wait * 1.5, LONGEST)) {
    await clock.pauseOrReturn(wait);
    if (document.hidden) await visible();
    if (!live()) return;
    const kept = bookings.get(id);
    if (!kept) return unknown(); // removed in another tab
    const answer = await ask(kept, { tries: 1 }).catch(() => undefined); // no answer: look again later
    if (answer === undefined || !live()) continue;
    if (answer?.status !== status) return show(bookings.get(id) ?? kept, answer, status);
  }
}

const visible = () =>
  new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

const tidyAddress = (id) => here().return && replace({ booking: id }, { rendering: false });

// Views -------------------------------------------------------------------------------------------

const VIEWS = { held, left, processing, releasing, confirmed, expired, released, unreturned, time_lost: sentBack, refunding: sentBack, refunded: sentBack };

function view({ kept, booking, settled }, { title, lead, tone, above, content = null }) {
  const whole = [content, settled ? forgetting(kept) : null];
  return display({ title, lead, tone, above, aside: bookingCard(booking, kept), content: whole, result: true });
}

// On a shared device, a customer may want to leave nothing behind.
function forgetting({ id }) {
  const forget = () => {
    bookings.forget(id);
    return replace({ view: "removed" });
  };
  return el("details", { class: "forget" },
    el("summary", {}, t("forget.offer")), el("p", { class: "soft" }, t("forget.warning")),
    button(t("forget.confirm"), forget));
}

const actions = (...buttons) => el("div", { class: "actions" }, buttons);
const sum = (booking) => format.money(booking.price);

function held(scene) {
  const { kept, booking } = scene;
  const clockface = el("strong", { role: "timer", "aria-live": "off" });
  const bar = el("span", { class: "bar" }, el("span"));
  const live = view(scene, {
    title: t("held.title"), lead: t("held.lead"), above: steps("pay"),
    content: [
      el("div", { class: "card timer" }, el("span", {}, t("held.left")), clockface, bar),
      actions(payButton(frame.framed ? t("left.pay") : t("held.pay", { price: sum(booking) }), kept), releaseButton(kept)),
      el("p", { class: "soft small-print" }, t("held.secure")),
    ],
  });
  count(kept, booking, live, clockface, bar);
  return live;
}

// The countdown. At its end the API decides: another tab may have paid meanwhile.
async function count(kept, booking, live, clockface, bar) {
  const whole = Math.round((new Date(booking.hold_expires_at) - new Date(booking.created_at)) / 1000);
  let told = Infinity;
  for (;;) {
    const seconds = Math.min(whole, clock.secondsUntil(booking.hold_expires_at));
    clockface.textContent = format.left(seconds);
    bar.firstChild.style.setProperty("inline-size", `${Math.min(100, (100 * seconds) / whole)}%`);
    bar.classList.toggle("soon", seconds <= 60);
    // a page that slept through a mark announces the rest when it wakes
    const due = SOON.filter((mark) => seconds <= mark).at(-1);
    if (due < told && seconds > 0) {
      told = due;
      announce(seconds > 55 ? t("held.announce", { count: Math.ceil(seconds / 60) }) : t("held.announce_seconds", { count: seconds }));
    }
    if (seconds === 0) break;
    await clock.pause(1000 - (clock.now() % 1000) + 20);
    if (!live()) return;
  }
  while (live()) {
    const answer = await ask(kept, { tries: 1 }).catch(() => undefined);
    if (answer && answer.status !== "held" && live()) return show(kept, answer, "held");
    await clock.pauseOrReturn(1000);
  }
}

function left(scene) {
  const until = scene.kept.pay_until;
  const lead = until && new Date(until) > clock.now() ? t("left.lead", { until: format.time(until) }) : t("left.lead_open");
  return view(scene, {
    title: t("left.title"), lead, tone: "wait", above: steps("pay"),
    content: actions(payButton(t("left.pay"), scene.kept), releaseButton(scene.kept)),
  });
}

function processing(scene) {
  const note = el("p", { class: "soft", role: "status" });
  const live = view(scene, {
    title: t("processing.title"), lead: t("processing.lead"), tone: "busy", above: steps("pay"), content: note,
  });
  const slow = scene.status === "expired" ? "processing.checking" : "processing.slow";
  setTimeout(() => live() && (note.textContent = t(slow)), SLOW);
  return live;
}

function releasing(scene) {
  return view(scene, { title: t("releasing.title"), lead: t("releasing.lead"), tone: "busy" });
}

function confirmed(scene) {
  const { booking, kept } = scene;
  const save = async () => { // the module is needed by those alone who want the file
    const { calendar, download } = await import("../ics.js").catch(() => { throw new Problem(0, {}); });
    download(calendar(booking, kept), t("calendar.file") + ".ics");
  };
  return view(scene, {
    title: t("confirmed.title"), lead: t("confirmed.lead"), tone: "good",
    content: actions(button(t("confirmed.calendar"), save, "main"), onward(kept)),
  });
}

function sentBack(scene) {
  const { state, status, reason, booking } = scene;
  const why = has("refund." + reason) ? "refund." + reason : "refund.other";
  const now = state === "time_lost" ? el("p", { class: "notice" }, t(status + ".title")) : null;
  return view(scene, {
    title: t(state + ".title"), lead: t(why, { price: sum(booking) }), tone: "back",
    content: [now, actions(button(t("expired.choose"), () => chooseAgain(scene.kept), "main"))],
  });
}

function unreturned(scene) {
  return view(scene, {
    title: t("unreturned.title"), lead: t("unreturned.lead", { price: sum(scene.booking) }), tone: "sorry",
    content: actions(button(t("expired.choose"), () => chooseAgain(scene.kept), "plain")),
  });
}

function expired(scene) {
  const again = scene.kept.again;
  return view(scene, {
    title: t("expired.title"), lead: t("expired.lead"), tone: "sorry",
    content: actions(
      again ? button(t("expired.again"), () => go(again), "main") : null,
      button(t("expired.choose"), () => chooseAgain(scene.kept), again ? "plain" : "main")),
  });
}

function released(scene) {
  return view(scene, {
    title: t("released.title"), lead: t("released.lead"), tone: "good",
    content: actions(button(t("expired.choose"), () => chooseAgain(scene.kept), "main")),
  });
}

function plain(scene) {
  const { kept, status } = scene;
  const known = has(status + ".title");
  return view(scene, {
    title: known ? t(status + ".title") : status,
    lead: known ? t(status + ".lead") : "",
    content: actions(onward(kept)),
  });
}

// What a person can do ----------------------------------------------------------------------------

// For those who came from another site, the way back to it; for others, the way to the start.
function onward(kept) {
  if (kept.back) return el("a", { class: "button", href: kept.back }, t("page.back_to", { host: new URL(kept.back).host }));
  return button(t("confirmed.another"), () => (forgetTimes(), go()), "plain");
}

function chooseAgain({ again }) {
  forgetTimes();
  const { start: _, date: __, ...choice } = again ?? {};
  return go(choice);
}

function payButton(text, kept) {
  return button(text, () => pay(kept), "main");
}

export async function pay(kept) {
  const back = (outcome) => ownAddress({ booking: kept.id, return: outcome });
  if (frame.framed) return frame.handOver(ownAddress({ booking: kept.id }), kept);
  const body = { success_url: back("paid"), cancel_url: back("left") };
  try {
    const checkout = await call("POST", path`/v1/bookings/${kept.id}/checkout`, {
      body, ...access(kept), attempt: "pay." + kept.id,
    });
    bookings.set(kept.id, { pay_until: checkout.expires_at });
    location.assign(checkout.checkout_url);
    await clock.pause(1500); // the button stays quiet while the browser leaves
  } catch (problem) {
    if (!["hold_expired", "illegal_state", "not_found"].includes(problem.code)) throw problem;
    if (problem.code === "illegal_state") bookings.set(kept.id, { paid: true }); // a payment is under way
    await showBooking(kept.id);
  }
}

const releaseButton = (kept) => button(t("held.release"), () => release(kept), "plain");

async function release(kept) {
  try {
    await call("DELETE", path`/v1/holds/${kept.id}`, access(kept));
    bookings.set(kept.id, { released: true });
  } catch (problem) {
    if (!["already_paid", "illegal_state", "not_found"].includes(problem.code)) throw problem;
    bookings.set(kept.id, { paid: true });
  }
  forgetTimes();
  await showBooking(kept.id);
}

// A line above the other views: this browser holds a time that waits to be paid.
export async function reminder() {
  const open = bookings.all().filter((kept) => !kept.settled_at && !kept.released);
  const found = await Promise.all(open.map(async (kept) => {
    const answer = await ask(kept, { tries: 1 }).catch(() => undefined);
    if (answer === undefined) return null;
    if (!answer || SETTLED.includes(answer.status)) bookings.set(kept.id, { settled_at: Date.now(), unpaid: !answer || (answer.status === "expired" && !answer.reason) });
    return answer && ["held", "processing"].includes(answer.status) ? { kept, booking: answer.booking } : null;
  }));
  return found.filter(Boolean).map(({ kept, booking }) => el("div", { class: "notice banner" },
    el("p", {}, t("banner.held", { what: kept.offering, when: format.when(booking) })),
    button(t("banner.continue"), () => go({ booking: kept.id }), "small")));
}

export function showRemoved() {
  display({
    title: t("forget.done"), lead: t("forget.done_lead"), tone: "good",
    content: actions(button(t("unknown.book"), () => go(), "main")),
  });
}

// All bookings that this browser remembers, the next one first and those that are over last. Nothing is
// asked for: each is looked up when it is opened.
export function showBookings() {
  const now = clock.now();
  const over = (kept) => Date.parse(kept.ends_at) < now;
  const start = (kept) => Date.parse(kept.starts_at) || 0;
  const all = bookings.all().filter(({ unpaid }) => !unpaid)
    .sort((a, b) => over(a) - over(b) || (over(a) ? start(b) - start(a) : start(a) - start(b)));
  const item = (kept) => el("li", {}, el("button", { type: "button", class: "offer", click: () => go({ booking: kept.id }) },
    el("span", { class: "name" }, theirs(kept.offering || t("summary.title"))),
    el("span", { class: "soft" }, theirs(kept.resource), kept.starts_at || kept.date ? [" · ", format.when(kept)] : null),
    el("span", { class: "go", "aria-hidden": "true" })));
  display({
    title: t("list.title"), lead: t(all.length ? "list.lead" : "list.none"),
    content: [el("ul", { class: "offers" }, all.map(item)), actions(button(t("unknown.book"), () => go(), "plain"))],
  });
}
