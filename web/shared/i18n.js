// Picks one of the languages that a page brings, and looks its words up.

const RTL = ["ar"];

let languages = {}; // codes and names
let code = "en";
let tag = "en"; // with the region the browser names: it decides how dates and times are written
let words = {};
let plurals = new Intl.PluralRules("en");

export const language = () => tag;
export const isRtl = () => RTL.includes(code);
export const others = () => Object.entries(languages).filter(([other]) => other !== code);

// An address may contain anything: a language that we do not have is ignored.
function ours(each) {
  try {
    return Object.hasOwn(languages, new Intl.Locale(each).language);
  } catch {
    return false;
  }
}

// `load` imports the words of a code. Who reads none of the languages gets the first.
export async function choose(wanted, given, load) {
  languages = given;
  tag = [wanted, ...navigator.languages].find(ours) ?? Object.keys(languages)[0];
  code = new Intl.Locale(tag).language;
  if (tag === code) tag = navigator.languages.find((each) => each.startsWith(code + "-")) ?? code;
  ({ default: words } = await load(code));
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
