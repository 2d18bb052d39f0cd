// Where the page is, written in its address (docs/booking-page.md has them all): so back, forward, reload
// and a copied link work. A booking's secret never gets there, and the key only where the page has none.

import config from "./config.js";

const LASTING = [...(config.key ? [] : ["key"]), "lang", "scheme"];

let render = () => {};
export const onNavigate = (action) => {
  render = action;
  addEventListener("popstate", action);
};

export const here = () => Object.fromEntries(new URLSearchParams(location.search));

export function address(parameters = {}) {
  const now = here();
  const kept = LASTING.filter((name) => now[name]).map((name) => [name, now[name]]);
  const given = Object.entries(parameters).filter(([, value]) => value);
  const query = new URLSearchParams([...kept, ...given]);
  return `${location.pathname}${query.size ? "?" + query : ""}`;
}

// The same, for the page outside a frame: it lies in the same folder.
export const ownAddress = (parameters) =>
  new URL(address(parameters), location.href).href.replace(/[^/?]*(?=\?|$)/, "");

export function go(parameters) {
  history.pushState(null, "", address(parameters));
  return render();
}

export function replace(parameters, { rendering = true } = {}) {
  history.replaceState(null, "", address(parameters));
  return rendering ? render() : undefined;
}

// Everything of a choice that its address needs.
export const choiceOf = ({ resource, offering, price }) => ({
  resource: resource.id,
  offering: offering.id,
  tier: price.tier === "standard" ? "" : price.tier,
  package: price.package === "single" ? "" : price.package,
});
