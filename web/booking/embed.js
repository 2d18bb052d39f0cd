// Opens the booking page in a dialog on any site:
//
//   <script src="https://book.example/embed.js" data-key="pk_…" data-resource="…" async></script>
//
// data-key, data-resource, data-offering, data-lang    what is opened
// data-label                                           text of the button that is put here
// data-open="#selector"                                elements that open it instead of a new button
// data-accent, data-radius, data-font, data-scheme     the look: any CSS colour, length, font; light | dark
//
// It needs nothing else of the site, and leaves nothing in its style sheets: the dialog lives in a
// shadow tree. Messages are taken from the frame it has made and from its own origin only.
(() => {
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const base = new URL("./embed", script.src);
  const wishes = { ...script.dataset };
  const theme = Object.fromEntries(
    ["accent", "radius", "font", "scheme"].filter((name) => wishes[name]).map((name) => [name, wishes[name]]));

  const STYLE = `
    dialog { width: min(64rem, 100vw); height: min(52rem, 100dvh); max-width: 100vw; max-height: 100dvh;
      padding: 0; border: 0; border-radius: 14px; overflow: hidden; background: Canvas;
      box-shadow: 0 24px 80px rgb(0 0 0 / 35%); }
    dialog::backdrop { background: rgb(10 15 14 / 55%); }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    .close { position: absolute; inset-block-start: .5rem; inset-inline-end: 1.25rem; width: 2.75rem; height: 2.75rem;
      border: 0; border-radius: 50%; background: color-mix(in srgb, CanvasText 8%, Canvas); color: CanvasText;
      font: 1.25rem/1 system-ui; cursor: pointer; }
    .open { min-height: 2.875rem; padding: .55rem 1.25rem; border: 0; border-radius: ${CSS.supports("border-radius", wishes.radius) ? wishes.radius : "9px"};
      background: ${CSS.supports("color", wishes.accent) ? wishes.accent : "#0b6e5b"}; color: #fff; font: 600 1rem/1.4 system-ui, sans-serif; cursor: pointer; }
    :focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
    @media (max-width: 40rem) { dialog { width: 100vw; height: 100dvh; border-radius: 0; } }`;

  const holder = document.createElement("span");
  const tree = holder.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet(); // the site's Content-Security-Policy has no say in these
  sheet.replaceSync(STYLE);
  tree.adoptedStyleSheets = [sheet];

  const make = (name, properties) => Object.assign(document.createElement(name), properties);
  const dialog = make("dialog", {});
  const close = make("button", { type: "button", className: "close", textContent: "✕" });
  close.setAttribute("aria-label", wishes.closeLabel || "Close");
  const label = wishes.label || "Book now";
  dialog.setAttribute("aria-label", label);
  dialog.append(close);
  tree.append(dialog);
  close.addEventListener("click", () => dialog.close());

  let frame = null;

  function open() {
    if (!frame) {
      const url = new URL(base);
      const given = { key: wishes.key, resource: wishes.resource, offering: wishes.offering, lang: wishes.lang, scheme: wishes.scheme };
      for (const [name, value] of Object.entries(given)) if (value) url.searchParams.set(name, value);
      frame = make("iframe", { src: url.href, title: label, allow: "payment 'none'" });
      dialog.append(frame);
    }
    if (!dialog.open) dialog.showModal();
    frame.focus();
  }

  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    const { type, booking, status } = event.data ?? {};
    if (type === "holdfast:ready") {
      const back = location.href.split("#")[0];
      event.source.postMessage({ type: "holdfast:hello", back, theme, lang: wishes.lang }, origin);
    } else if (type === "holdfast:close") dialog.close();
    else if (type === "holdfast:status") {
      script.dispatchEvent(new CustomEvent("holdfast:status", { bubbles: true, detail: { booking, status } }));
    }
  });

  function begin() {
    const openers = wishes.open ? [...document.querySelectorAll(wishes.open)] : [];
    if (!openers.length) {
      const button = make("button", { type: "button", className: "open", textContent: label });
      tree.prepend(button);
      openers.push(button);
    }
    for (const opener of openers) opener.addEventListener("click", open);
    if (script.parentElement === document.head) document.body.append(holder);
    else script.after(holder);
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin, { once: true });
  else begin();
})();
