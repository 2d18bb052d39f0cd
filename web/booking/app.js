// The booking page: choose, hold, pay, see the result. The address says which view is shown.

import { connect, currentKey, Problem, useKey } from "./shared/api.js";
import config from "./config.js";
import * as frame from "./frame.js";
import * as clock from "./shared/clock.js";
import * as i18n from "./shared/i18n.js";
import { isDate, isInstant } from "./shared/calendar.js";
import * as letter from "./letter.js";
import { attempt, display, el } from "./shared/page.js";
import { address, go, here, onNavigate, replace } from "./routes.js";
import { attempts, bookings, givenKey } from "./store.js";
import * as theme from "./shared/theme.js";
import { reminder, showBooking, showBookings, showRemoved } from "./views/booking.js";
import { choiceAt, choicesOf, resources, showCatalogue } from "./views/catalogue.js";
import { resumeHold, showDetails } from "./views/details.js";
import { showTimes } from "./views/times.js";

const t = i18n.t;

const LANGUAGES = { en: "English", ar: "العربية" };
const words = (code) => import(`./i18n/${code}.js`);

async function render() {
  const place = here();
  try {
    if (place.booking) return await showBooking(place.booking);
    if (place.view === "bookings") return showBookings();
    if (place.view === "removed") return showRemoved();
    if (!currentKey()) return askForKey();
    await choose(place);
    await remind();
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    if (config.key) return display({ title: t("key.closed"), lead: t("key.closed_lead") });
    askForKey(t("key.unknown"));
  }
}

async function choose(place) {
  if (!place.offering) {
    const only = await onlyChoice(place);
    return only ? showTimes(only) : showCatalogue(place);
  }
  const choice = await choiceAt(place);
  if (!choice) return showCatalogue({});
  const { start, date } = place;
  const known = isDate(date) || isInstant(start);
  return known ? showDetails(choice, place) : showTimes(choice);
}

// Where there is nothing to choose, no question is asked.
async function onlyChoice({ resource }) {
  const all = await resources();
  const choices = all.filter(({ id }) => !resource || id === resource).flatMap(choicesOf);
  return choices.length === 1 && choices[0].resource.confirmation === "instant" ? choices[0] : null;
}

async function remind() {
  const before = document.querySelector("h1");
  const lines = await reminder();
  const main = document.querySelector(".main");
  if (lines.length && before?.isConnected) main.append(...lines);
}

function askForKey(why = "") {
  givenKey.clear();
  const input = el("input", { id: "key", name: "key", required: true, autocomplete: "off", spellcheck: "false", placeholder: "pk_test_…", "aria-describedby": "key-error" });
  const submit = (event) => {
    event.preventDefault();
    location.assign(`${location.pathname}?${new URLSearchParams({ ...here(), key: input.value.trim() })}`);
  };
  display({
    title: t("key.title"), lead: t("key.lead"),
    content: el("form", { class: "card form", submit },
      el("div", { class: "field" }, el("label", { for: "key" }, t("key.label")), input,
        el("p", { class: "error", id: "key-error", role: "alert" }, why)),
      el("div", { class: "actions" }, el("button", { class: "main" }, t("key.submit")))),
  });
}

function dress() {
  document.getElementById("brand").textContent = config.name || t("page.title");
  const home = document.getElementById("home");
  home.href = address();
  home.addEventListener("click", (event) => {
    event.preventDefault();
    attempt(() => go());
  });
  const languages = i18n.others().map(([code, name]) => {
    const link = el("a", { lang: code, hreflang: code, href: "#" }, name);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.assign(`${location.pathname}?${new URLSearchParams({ ...here(), lang: code })}`);
    });
    return link;
  });
  document.getElementById("languages").replaceChildren(...languages);
}

// last, so that nothing has to make way for it
function addFoot() {
  const count = bookings.all().filter(({ unpaid }) => !unpaid).length;
  const link = el("a", { href: address({ view: "bookings" }), click: (event) => {
    event.preventDefault();
    attempt(() => go({ view: "bookings" }));
  } }, t("list.link", { count }));
  document.getElementById("foot").replaceChildren(
    el("p", {}, `${t("page.powered")} ${t("page.privacy")}`, count ? [" ", link] : null));
}

async function start() {
  const place = here();
  const site = await frame.meet();
  await i18n.choose(place.lang ?? site?.lang, LANGUAGES, words);
  theme.scheme(place.scheme);
  if (site) theme.apply(site.theme);
  dress();
  if (place.key && !config.key) givenKey.set(place.key);
  useKey(place.key, givenKey.get());
  theme.apply(bookings.get(place.booking)?.theme ?? {});
  const again = async () => {
    await attempt(render);
    addFoot();
  };
  onNavigate(again);
  // back from the payment page, the browser may show this one as it was left
  addEventListener("pageshow", (event) => event.persisted && again());
  const link = frame.takeOver() ?? letter.opened();
  if (link) await attempt(() => follow(link));
  else if (place.booking || !currentKey() || !(await resumed())) await again();
  bookings.forgetOld(clock.now()); // by the server's clock, as far as it is known
  addFoot();
}

// A booking from a letter's link, or one that was held inside a frame and is paid for here.
async function follow(link) {
  await letter.remember(link);
  theme.apply(link.more?.theme ?? {});
  await replace({ booking: link.id || "unknown" });
}

async function resumed() {
  try {
    return await resumeHold();
  } catch (problem) {
    if (problem instanceof Problem) return false; // the page says it better by itself
    throw problem;
  }
}

connect(config, attempts);
start();
