// The server's time. The customer's own clock may be wrong, so it never decides how long a hold lasts:
// every answer carries the server's, and in between only the time that has passed is measured here.

let anchor = null; // { server: ms since 1970, local: ms since the page began }

export function sync(response) {
  const date = Date.parse(response.headers.get("date") ?? "");
  // the header is cut to whole seconds: half of one is the best guess for the rest
  if (!Number.isNaN(date)) anchor = { server: date + 500, local: performance.now() };
}

export const now = () =>
  anchor ? anchor.server + (performance.now() - anchor.local) : Date.now();

export const secondsUntil = (instant) =>
  Math.max(0, Math.ceil((new Date(instant).getTime() - now()) / 1000));

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Resolves after so many milliseconds, or at once when the page is looked at again or back online.
export function pauseOrReturn(milliseconds) {
  return new Promise((done) => {
    const finish = (event) => {
      if (event?.type === "visibilitychange" && document.hidden) return;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", finish);
      removeEventListener("online", finish);
      done();
    };
    const timer = setTimeout(finish, milliseconds);
    document.addEventListener("visibilitychange", finish);
    addEventListener("online", finish);
  });
}
