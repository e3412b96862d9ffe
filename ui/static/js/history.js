/** What was said about a thing, the latest first: seen as it was then, and taken back. */

import { isWritable, offerUndo, undo } from "./acts.js";
import { shownValue } from "./attributes.js";
import { el } from "./dom.js";
import { momentWords } from "./format.js";
import { sayError } from "./toast.js";

/** Entries that are shown at first, and more at a time. */
const PAGE = 30;

/**
 * @typedef {object} Entry
 * @property {string} claim
 * @property {string} date
 * @property {"set"|"add"|"del"|"delete"|"share"} act
 * @property {string} [attribute]
 * @property {string} [value]
 * @property {string} [signer]
 * @property {boolean} undone
 */

export class History {
  /** @param {string} ref @param {{at: string|null}} options the time that is looked at */
  constructor(ref, { at }) {
    this.ref = ref;
    this.at = at;
    this.shown = PAGE;
    this.entries = [];
    this.list = el("ol", { class: "history-list", reversed: true });
    const click = () => {
      this.shown += PAGE * 3;
      this.#draw();
    };
    this.more = el("button", { type: "button", class: "button button-small", on: { click } });
    this.element = el("div", { class: "history" }, this.list, this.more);
  }

  /** @param {Entry[]} entries the latest first */
  update(entries) {
    this.entries = entries;
    this.#draw();
  }

  #draw() {
    const rows = this.entries.slice(0, this.shown).map((entry) => this.#row(entry));
    if (!rows.length) rows.push(el("li", { class: "soft" }, "Nothing yet."));
    this.list.replaceChildren(...rows);
    const left = this.entries.length - this.shown;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${Math.max(0, left).toLocaleString()} more`;
  }

  #row(entry) {
    const { claim, date, undone } = entry;
    const then = `/ui/${this.ref}?at=${encodeURIComponent(date)}`;
    const current = this.at !== null && Date.parse(this.at) === Date.parse(date);
    const revert = el(
      "button",
      { type: "button", class: "link-button", on: { click: () => this.#revert(entry) } },
      "Take back",
    );
    return el(
      "li",
      { class: undone ? "history-undone" : "", "aria-current": current ? "true" : null },
      el("p", { class: "history-words" }, sentence(entry)),
      el(
        "p",
        { class: "history-more" },
        el("time", { datetime: date, title: claim }, momentWords(date)),
        undone && el("span", { class: "badge" }, "taken back"),
        current
          ? el("span", { class: "badge" }, "shown now")
          : el("a", { href: then }, "As it was then"),
        isWritable() && !undone && this.at === null && revert,
      ),
    );
  }

  async #revert({ claim, ...entry }) {
    try {
      offerUndo(`Taken back: ${plain(entry)}`, { claims: await undo([claim]) });
    } catch (error) {
      sayError(error, "It was not taken back");
    }
  }
}

function sentence({ act, attribute, value = "" }) {
  const name = el("strong", {}, attribute);
  const quoted = el("q", { dir: "auto" }, shownValue(shortened(value)));
  switch (act) {
    case "set":
      return [name, " set to ", quoted];
    case "add":
      return [name, " ", quoted, " added"];
    case "del":
      return value ? [name, " ", quoted, " removed"] : [name, " removed"];
    case "delete":
      return "Moved to trash";
    case "share":
      return "Shared";
    default:
      return [act, " ", name, " ", quoted];
  }
}

function plain({ act, attribute = "", value = "" }) {
  if (act === "delete") return "moved to trash";
  if (act === "share") return "shared";
  return `${attribute} ${act === "del" ? "removed" : shortened(value)}`.trim();
}

function shortened(text) {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
