// The link of a letter: it opens one booking, whose secret it carries in the fragment, which browsers
// keep to themselves; it is dropped from the address on arrival.

import { call, currentKey, isCredential, isId, path } from "./shared/api.js";
import { bookings, timesOf } from "./store.js";
import { choiceOf } from "./routes.js";
import { choicesOf, resources } from "./views/catalogue.js";
import { offeringName } from "./views/summary.js";

// The booking and the secret that this page was opened with, or null.
export function opened() {
  const given = new URLSearchParams(location.hash.slice(1));
  const [id, secret] = [given.get("booking"), given.get("secret")];
  if (!id || !secret) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return isId(id) && isCredential(secret) ? { id, secret } : { id: "" };
}

// Remembers the booking as if it had been held here, by the names that the API gives it. A link that
// opens nothing leaves nothing behind.
export async function remember({ id, secret, more = {} }) {
  if (!id) return;
  const answer = await call("GET", path`/v1/bookings/${id}/confirmation`, { secret })
    .catch((problem) => {
      if (![404, 422].includes(problem.status)) throw problem;
      return null;
    });
  if (!answer) return;
  const { booking } = answer;
  const all = (await resources()).flatMap(choicesOf);
  const choice = all.find(({ resource, offering, price }) =>
    resource.id === booking.resource_id && offering.id === booking.offering_id
    && price.tier === booking.tier && price.package === booking.package);
  bookings.set(booking.id, {
    ...more,
    key: currentKey(),
    secret,
    ...timesOf(booking),
    // what is not offered any more has no name here, but may still be paid for
    offering: choice ? offeringName(choice) : "",
    resource: choice?.resource.name ?? "",
    timezone: choice?.resource.timezone ?? "",
    again: choice && {
      ...choiceOf(choice), ...(booking.date ? { date: booking.date } : { start: booking.starts_at }),
    },
  });
}
