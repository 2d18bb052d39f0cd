// The embedding site's colours. Whatever accent it gives, text stays readable: WCAG AA, 4.5 to 1.

const CHECKS = {
  accent: (value) => CSS.supports("color", value),
  radius: (value) => CSS.supports("border-radius", value),
  font: (value) => CSS.supports("font-family", value) && !/[;{}()]/.test(value),
};
const root = document.documentElement;

export function scheme(value) {
  if (["light", "dark"].includes(value)) root.dataset.scheme = value;
}

export function apply(theme) {
  scheme(theme.scheme);
  const good = Object.entries(theme).filter(([name, value]) => Object.hasOwn(CHECKS, name) && CHECKS[name](String(value)));
  for (const [name, value] of good) root.style.setProperty("--" + name, value);
  if (!good.some(([name]) => name === "accent")) return;
  const readable = () => adapt(theme.accent);
  readable();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readable);
}

function adapt(accent) {
  const given = channels(accent);
  if (!given) return;
  const [paper, ink] = ["--paper", "--ink"].map((name) =>
    channels(getComputedStyle(root).getPropertyValue(name)));
  let text = given;
  for (let share = 0.1; contrast(text, paper) < 4.6 && share <= 1.01; share += 0.1) {
    text = given.map((value, index) => value * (1 - share) + ink[index] * share);
  }
  const [white, black] = [[255, 255, 255], [0, 0, 0]];
  const on = contrast(given, white) >= contrast(given, black) ? white : black;
  root.style.setProperty("--accent-text", css(text));
  root.style.setProperty("--on-accent", css(on));
}

const css = (rgb) => `rgb(${rgb.map(Math.round).join(" ")})`;

function channels(color) {
  const probe = document.createElement("span");
  probe.style.color = color;
  document.body.append(probe);
  const found = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(getComputedStyle(probe).color);
  probe.remove();
  return found && found.slice(1).map(Number);
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
