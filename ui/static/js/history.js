/** What was said about a thing, the latest first: seen as it was then, and taken back. */

import { api, isWritable, offerUndo, undo } from "./acts.js";
import { announce, el } from "./dom.js";
import { getJson, request } from "./http.js";
import { page } from "./page.js";
import { explain, sayError } from "./toast.js";
import { shortened, shownValue } from "./values.js";

/** Entries that are shown at first, and more at a time. */
const FIRST = 30;
const MORE = 100;

/** Characters of a value that are shown before it is asked for whole. */
const MOST_SHOWN = 200;

const MOMENT = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  dateStyle: "long",
  timeStyle: "medium",
  timeZone: "UTC",
});

/**
 * @typedef {object} Entry
 * @property {string} claim
 * @property {string} date
 * @property {"set"|"add"|"del"|"delete"|"share"} act
 * @property {string} [attribute]
 * @property {string} [value]
 * @property {string} signer
 * @property {boolean} undone
 * @property {boolean} stranger  Said by a key that does not count here.
 * @property {boolean} cut  Longer than what is told of it.
 */

/** "July 14, 2024 at 12:30:05 PM UTC": two claims may be of one minute. @param {string} date */
export function preciseWords(date) {
  const moment = new Date(date);
  return Number.isNaN(moment.getTime()) ? date : `${MOMENT.format(moment)} UTC`;
}

export class History {
  /** @param {string} ref @param {{at: string|null}} options the time that is looked at */
  constructor(ref, { at }) {
    this.ref = ref;
    this.at = at;
    this.wanted = FIRST;
    /** @type {Entry[]} */
    this.entries = [];
    this.next = null;
    /** The row of each claim, and what it was made of. */
    this.rows = new Map();
    this.list = el("ol", { class: "history-list" });
    const click = () => this.#showMore();
    this.more = el("button", { type: "button", class: "button button-small", on: { click } });
    this.note = el("p", { class: "history-note", role: "alert", hidden: true });
    const parts = [this.#chooser(), this.list, this.note, this.more];
    this.element = el("div", { class: "history" }, parts);
  }

  /**
   * @param {Entry[]} entries the latest first
   * @param {string|null} earlier what leads to the rest
   */
  async update(entries, earlier) {
    await this.#take(entries, earlier);
  }

  /**
   * Show entries, after as many more as are wanted have been asked for.
   * @returns {Promise<boolean>} whether that was done, and not begun anew meanwhile
   */
  async #take(entries, next) {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    let all = entries;
    let problem = null;
    try {
      while (all.length < this.wanted && next !== null) {
        const more = { ref: this.ref, from: next, limit: Math.min(1000, this.wanted - all.length) };
        const found = await getJson(api("history"), more, { signal });
        all = all.concat(found.history);
        next = found.next;
      }
    } catch (error) {
      problem = error;
    }
    if (signal.aborted) return false;
    this.entries = all;
    this.next = next;
    this.note.hidden = problem === null;
    this.note.textContent = problem && explain(problem, "What was said earlier cannot be told");
    this.#draw();
    return true;
  }

  async #showMore() {
    const before = this.list.children.length;
    this.wanted += MORE;
    this.more.disabled = true;
    const done = await this.#take(this.entries, this.next);
    this.more.disabled = false;
    if (!done) return;
    const shown = this.list.children.length - before;
    if (shown > 0) {
      // Who goes on by keyboard goes on with what has come; the button may be gone, too.
      this.list.children[before].focus({ preventScroll: true });
      announce(`${shown.toLocaleString()} earlier entries shown`);
    } else {
      this.wanted -= MORE;
      this.more.focus();
    }
  }

  #draw() {
    const shown = this.entries.slice(0, this.wanted);
    const rows = new Map();
    for (const entry of shown) {
      const made = JSON.stringify(entry);
      const kept = this.rows.get(entry.claim);
      // A row that says the same stays, as the keyboard may be in it.
      rows.set(entry.claim, kept?.made === made ? kept : { made, row: this.#row(entry) });
    }
    this.rows = rows;
    const listed = [...rows.values()].map(({ row }) => row);
    if (!listed.length) listed.push(el("li", { class: "soft" }, "Nothing yet."));
    const is = [...this.list.children];
    if (is.length !== listed.length || is.some((row, at) => row !== listed[at])) {
      const had = this.list.contains(document.activeElement) ? document.activeElement : null;
      this.list.replaceChildren(...listed);
      if (had?.isConnected) had.focus({ preventScroll: true });
    }
    const left = this.entries.length - shown.length;
    this.more.hidden = left <= 0 && this.next === null;
    this.more.textContent = "Show earlier";
  }

  #row(entry) {
    const { claim, date, undone, stranger, signer } = entry;
    const then = `/ui/${this.ref}?at=${encodeURIComponent(date)}`;
    const current = this.at === date;
    const isLater = this.at !== null && instant(date) > instant(this.at);
    const other = !stranger && !page.keys?.includes(signer);
    const revert = el(
      "button",
      { type: "button", class: "link-button", on: { click: () => this.#revert(entry) } },
      "Take back",
    );
    const looks = [undone && "history-undone", (stranger || isLater) && "history-void"];
    const words = el("p", { class: "history-words" });
    this.#say(words, entry, false);
    return el(
      "li",
      {
        class: looks.filter(Boolean).join(" "),
        tabindex: -1,
        "aria-current": current ? "true" : null,
      },
      words,
      el(
        "p",
        { class: "history-more" },
        el("time", { datetime: date, title: claim }, preciseWords(date)),
        undone && el("span", { class: "badge" }, "taken back"),
        stranger && keyBadge("by another key: does not count", signer),
        other && keyBadge("by another key you trust", signer),
        isLater && el("span", { class: "badge" }, "later than this"),
        current
          ? el("span", { class: "badge" }, "shown now")
          : el("a", { href: then }, "As it was then"),
        isWritable() && !undone && !stranger && this.at === null && revert,
      ),
    );
  }

  #say(words, entry, isWhole) {
    const { value = "", cut } = entry;
    const isLong = cut || value.length > MOST_SHOWN;
    words.replaceChildren(...sentence(isWhole ? entry : { ...entry, value: brief(value) }));
    if (!isLong) return;
    const click = () => (isWhole ? this.#say(words, entry, false) : this.#sayWhole(words, entry));
    const label = isWhole ? "Show less" : cut ? "Shortened: show all of it" : "Show all of it";
    const look = { type: "button", class: "link-button", "aria-expanded": String(isWhole) };
    words.append(" ", el("button", { ...look, on: { click } }, label));
  }

  async #sayWhole(words, entry) {
    try {
      this.#say(words, entry.cut ? await wholeOf(entry) : entry, true);
      words.querySelector(".link-button").focus();
    } catch (error) {
      sayError(error, "It cannot be read");
    }
  }

  async #revert({ claim, ...entry }) {
    try {
      offerUndo(`Taken back: ${plain(entry)}`, { claims: await undo([claim]) });
    } catch (error) {
      sayError(error, "It was not taken back");
    }
  }

  /** Any moment may be looked at, not only those at which something was said. */
  #chooser() {
    const isTold = this.at !== null && !Number.isNaN(Date.parse(this.at));
    const value = isTold ? new Date(this.at).toISOString().slice(0, 19) : null;
    const field = el("input", {
      class: "field",
      type: "datetime-local",
      step: 1,
      required: true,
      value,
    });
    const form = el(
      "form",
      { class: "history-chooser" },
      el("label", { class: "field-label" }, "As it was at (UTC)", field),
      el("button", { type: "submit", class: "button" }, "Show"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const at = new Date(`${field.value}Z`).toISOString().replace(".000Z", "Z");
      location.assign(`/ui/${this.ref}?at=${encodeURIComponent(at)}`);
    });
    return form;
  }
}

function keyBadge(words, signer) {
  return el("a", { class: "badge", href: `/ui/${signer}`, title: signer }, words);
}

/** What can be compared, as dates are told to the last digit. */
function instant(date) {
  const [, whole, digits = ""] = /^([^.Z]+)\.?(\d*)Z$/.exec(date) ?? [];
  if (whole) return `${whole}.${digits.padEnd(9, "0")}`;
  const moment = new Date(date);
  return Number.isNaN(moment.getTime()) ? "" : instant(moment.toISOString());
}

/** An entry with all of its value, out of the claim itself. */
async function wholeOf(entry) {
  const answer = await request("GET", `/bs/camli/${entry.claim}`, { headers: { Accept: "*/*" } });
  const { attribute = entry.attribute, value = entry.value } = JSON.parse(await answer.text());
  return { ...entry, attribute, value };
}

function sentence({ act, attribute, value = "" }) {
  const name = el("strong", {}, attribute);
  const quoted = el("q", {}, el("bdi", {}, shownValue(value)));
  switch (act) {
    case "set":
      return [name, " set to ", quoted];
    case "add":
      return [name, " ", quoted, " added"];
    case "del":
      return value ? [name, " ", quoted, " removed"] : [name, " removed"];
    case "delete":
      return ["Moved to trash"];
    case "share":
      return ["Shared"];
    default:
      return [act, " ", name, " ", quoted];
  }
}

function plain({ act, attribute = "", value = "" }) {
  if (act === "delete") return "moved to trash";
  if (act === "share") return "shared";
  return `${attribute} ${act === "del" ? "removed" : brief(value)}`.trim();
}

function brief(value) {
  return shortened(value, MOST_SHOWN);
}
