// What can be booked: resources, their offerings, with price and length.

import { call } from "../shared/api.js";
import * as format from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { display, el, nextView, theirs } from "../shared/page.js";
import { choiceOf, go } from "../routes.js";
import { lengthOf, monogram, offeringName } from "./summary.js";

let loading = null; // asked once; a reload asks again

export function resources() {
  loading ??= load().catch((problem) => {
    loading = null;
    throw problem;
  });
  return loading;
}

async function load() {
  const found = [];
  for (let cursor = ""; cursor !== null; ) {
    const query = cursor && "&cursor=" + encodeURIComponent(cursor);
    const page = await call("GET", "/v1/resources?limit=100" + query);
    found.push(...page.resources);
    cursor = page.next_cursor;
  }
  return found.filter((resource) => resource.offerings.some((offering) => offering.prices.length));
}

// The choice that an address names, or null.
export async function choiceAt({ resource: resourceId, offering: offeringId, tier = "standard", package: pack = "single" }) {
  const resource = (await resources()).find((each) => each.id === resourceId);
  const offering = resource?.offerings.find((each) => each.id === offeringId);
  const price = offering?.prices.find((each) => each.tier === tier && each.package === pack)
    ?? offering?.prices[0];
  return price ? { resource, offering, price } : null;
}

export const choicesOf = (resource) =>
  resource.offerings.flatMap((offering) => offering.prices.map((price) => ({ resource, offering, price })));

export async function showCatalogue({ resource: only }) {
  const current = nextView();
  const all = await resources();
  if (!current()) return;
  const found = only ? all.filter((resource) => resource.id === only) : all;
  display({
    title: t("catalogue.title"),
    content: found.length
      ? el("div", { class: "resources" }, found.map(resourceCard))
      : el("p", { class: "empty" }, t("catalogue.none")),
  });
}

function resourceCard(resource) {
  const instant = resource.confirmation === "instant";
  return el("section", { class: "card resource" },
    el("div", { class: "who" }, monogram(resource.name),
      el("div", {}, el("h2", {}, theirs(resource.name)),
        el("span", {}, instant ? format.city(resource.timezone) : t("catalogue.by_request")))),
    instant ? el("ul", { class: "offers" }, choicesOf(resource).map(offer)) : null);
}

function offer(choice) {
  const { offering, price } = choice;
  const size = offering.group_size ?? 0;
  const details = [lengthOf(offering), size > 1 && t("catalogue.group", { count: size })];
  return el("li", {}, el("button", { type: "button", class: "offer", click: () => go(choiceOf(choice)) },
    el("span", { class: "name" }, theirs(offeringName(choice))),
    el("span", { class: "soft" }, details.filter(Boolean).join(" · ")),
    el("span", { class: "price" }, format.money(price.price)),
    el("span", { class: "go", "aria-hidden": "true" })));
}
