// Picks one of the languages that a page brings, and looks its words up.

let languages = {}; // code → { name, rtl, words: loads the module of them }
let code = "en";
let tag = "en"; // with the region the browser names: it decides how dates and times are written
let words = {};
let plurals = new Intl.PluralRules("en");

export const language = () => tag;
export const isRtl = () => Boolean(languages[code]?.rtl);
export const others = () => Object.entries(languages).filter(([other]) => other !== code);

// Anything may stand in an address: what is no language of ours is passed over.
function ours(each) {
  try {
    return Object.hasOwn(languages, new Intl.Locale(each).language);
  } catch {
    return false;
  }
}

// The first language given is the one of people who read none of them.
export async function choose(wanted, given) {
  languages = given;
  tag = [wanted, ...navigator.languages].find(ours) ?? Object.keys(languages)[0];
  code = new Intl.Locale(tag).language;
  if (tag === code) tag = navigator.languages.find((each) => each.startsWith(code + "-")) ?? code;
  ({ default: words } = await languages[code].words());
  plurals = new Intl.PluralRules(code);
  Object.assign(document.documentElement, { lang: code, dir: isRtl() ? "rtl" : "ltr" });
}

// `count` chooses among the plural forms; {names} are filled in
export function t(key, values = {}) {
  const found = has(key) ? words[key] : key;
  const text = typeof found === "string" ? found : (found[plurals.select(values.count)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const has = (key) => Object.hasOwn(words, key);
