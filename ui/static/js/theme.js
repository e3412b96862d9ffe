/** Light, dark, or as the system is: what the person chose, on this device. */

const KEY = "holdfast-theme";
const NEXT = Object.freeze({ system: "light", light: "dark", dark: "system" });
const WORDS = Object.freeze({
  system: "Colours: as the system",
  light: "Colours: light",
  dark: "Colours: dark",
});

/** @returns {"system"|"light"|"dark"} */
export function theme() {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system"; // storage may be forbidden
  }
}

/** @param {"system"|"light"|"dark"} chosen */
export function setTheme(chosen) {
  try {
    if (chosen === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // It holds for this page then.
  }
  show(chosen);
}

/** Shows what was chosen, and lets the buttons marked `data-theme-toggle` change it. */
export function start() {
  show(theme());
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.addEventListener("click", () => setTheme(NEXT[theme()]));
  }
  // Another window of this browser may choose as well.
  addEventListener("storage", (event) => {
    if (event.key === KEY) show(theme());
  });
}

function show(chosen) {
  const root = document.documentElement;
  if (chosen === "system") delete root.dataset.theme;
  else root.dataset.theme = chosen;
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.dataset.theme = chosen;
    button.setAttribute("aria-label", WORDS[chosen]);
    button.title = WORDS[chosen];
  }
}
