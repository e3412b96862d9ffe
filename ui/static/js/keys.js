/** Keys that do something wherever one is on the page, and the list of them behind `?`. */

import { ask } from "./dialog.js";
import { el, isTyping } from "./dom.js";

/**
 * @typedef {object} Shortcut
 * @property {string} keys  What to press, as `KeyboardEvent.key` has it, with "Control+", "Shift+"
 *     before it where it counts; several are separated by spaces.
 * @property {string} label  What it does, for the list.
 * @property {string} [group]  Under which heading it is listed.
 * @property {string} [shown]  How the list writes the keys, if otherwise.
 * @property {() => boolean} [when]  Whether it does anything now.
 * @property {((event: KeyboardEvent) => void)|null} [run]  null: it is only listed, someone else
 *     hears it.
 */

/** What stands before those that are there alone; no key is called so. */
const WALL = "wall";

/** @type {Shortcut} */
const HELP = Object.freeze({ keys: "?", label: "Show the keys", run: () => showHelp() });

/** @type {Shortcut[]} */
const shortcuts = [];
let listening = false;

/**
 * Adds shortcuts; the returned function takes them away again. Those added last go first.
 * @param {...Shortcut} added
 */
export function addShortcuts(...added) {
  listen();
  shortcuts.push(...added);
  return () => {
    for (const shortcut of added) shortcuts.splice(shortcuts.lastIndexOf(shortcut), 1);
  };
}

/**
 * The same, and while they are there no others do anything: for what covers the page.
 * @param {...Shortcut} added
 */
export function addShortcutsAlone(...added) {
  return addShortcuts({ keys: WALL, label: "", run: null }, HELP, ...added);
}

function listen() {
  if (listening) return;
  listening = true;
  addEventListener("keydown", onKey);
  addShortcuts(HELP);
}

/**
 * What was pressed, as `Shortcut.keys` has it.
 * @param {KeyboardEvent} event
 */
export function pressed(event) {
  const held = event.ctrlKey || event.metaKey ? "Control+" : "";
  // The shift that makes a "?" is in the "?" already.
  const shifted = event.shiftKey && (event.key.length > 1 || held) ? "Shift+" : "";
  const key = event.key === " " ? "Space" : event.key;
  return held + shifted + (held && key.length === 1 ? key.toLowerCase() : key);
}

function onKey(event) {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  if (isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return; // it has the keys for itself
  const said = pressed(event);
  const found = heard().findLast(
    ({ keys, when, run }) =>
      run && keys.split(" ").some((key) => same(key, said)) && (!when || when()),
  );
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

/** Those that do something now. */
function heard() {
  return shortcuts.slice(shortcuts.findLastIndex(({ keys }) => keys === WALL) + 1);
}

function same(key, said) {
  return key.startsWith("Control+") ? key.toLowerCase() === said.toLowerCase() : key === said;
}

/** Shows all keys that do something on this page. */
export function showHelp() {
  const groups = new Map();
  for (const shortcut of heard()) {
    const group = shortcut.group ?? "Everywhere";
    groups.set(group, [...(groups.get(group) ?? []), shortcut]);
  }
  // It gets the keyboard, so that the arrows scroll it.
  const list = el(
    "div",
    { class: "keys-groups", tabindex: "-1", autofocus: true, style: { outline: "none" } },
    [...groups].map(listed),
  );
  ask({ title: "Keys", className: "keys", submit: "", cancel: "Close", content: [list] });
}

function listed([group, members]) {
  const lines = members.map(({ keys, shown, label }) => [
    el(
      "dt",
      {},
      (shown ?? keys).split(" ").map((key) => [el("kbd", {}, written(key)), " "]),
    ),
    el("dd", {}, label),
  ]);
  return el("section", {}, el("h3", {}, group), el("dl", {}, lines));
}

const WRITTEN = Object.freeze({
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Control: "Ctrl",
});

function written(key) {
  if (key === "+") return key;
  return key
    .split("+")
    .map((part) => WRITTEN[part] ?? part)
    .join(" ");
}
