/** The dialog that gives things tags and takes tags from them. */

import { act, counted, findTags, makeClaims } from "./acts.js";
import { Combobox } from "./combobox.js";
import { ask } from "./dialog.js";
import { announce, drawing, el } from "./dom.js";
import { withPermanodes } from "./permanodes.js";

const CROSS = "M6 6l12 12M18 6L6 18";
const MOST_SHOWN = 30;

/**
 * How many of these have each tag, the commonest first.
 * @param {import("./page.js").Item[]} items
 * @returns {[tag: string, count: number][]}
 */
export function tagCounts(items) {
  const counts = new Map();
  for (const { tags } of items) {
    for (const tag of new Set(tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
}

/**
 * The claims that give `items` tags and take others from them, without those that change nothing.
 * @param {import("./page.js").Item[]} items
 * @param {Iterable<string>} added
 * @param {Iterable<string>} removed
 * @returns {import("./acts.js").Claim[]}
 */
export function tagClaims(items, added, removed) {
  const claims = [];
  for (const { ref, tags } of items) {
    const claim = (act) => (value) => ({ permanode: ref, act, attribute: "tag", value });
    claims.push(
      ...[...added].filter((tag) => !tags.includes(tag)).map(claim("add")),
      ...[...removed].filter((tag) => tags.includes(tag)).map(claim("del")),
    );
  }
  return claims;
}

/**
 * Ask which tags, and change them.
 * @param {import("./page.js").Item[]} items
 * @returns {Promise<boolean>} whether anything was changed
 */
export async function askTags(items) {
  const tagger = new Tagger(items);
  const answer = await ask({
    title: `Tags of ${counted(items.length, "thing")}`,
    submit: "Apply",
    className: "tagger",
    content: tagger.content,
    onSubmit: () => tagger.answer(),
  }).closed;
  if (!answer || !(answer.added.length || answer.removed.length)) return false;
  return act({
    doing: "Changing tags",
    done: said(answer, items.length),
    run: async (told) => {
      const { items: tagged, things } = await withPermanodes(items);
      return {
        claims: await makeClaims(tagClaims(tagged, answer.added, answer.removed), told),
        things,
      };
    },
  });
}

function said({ added, removed }, count) {
  const quoted = (tags) => tags.map((tag) => `“${tag}”`).join(", ");
  const parts = [
    added.length && `added ${quoted(added)}`,
    removed.length && `removed ${quoted(removed)}`,
  ];
  return `${counted(count, "thing")}: ${parts.filter(Boolean).join(", ")}`;
}

class Tagger {
  constructor(items) {
    this.total = items.length;
    this.counts = tagCounts(items);
    this.added = new Set();
    this.removed = new Set();
    this.input = el("input", {
      class: "field",
      type: "text",
      enterkeyhint: "done",
      "aria-describedby": "tagger-hint",
    });
    this.chips = el("ul", { class: "chips", "aria-label": "Tags" });
    const label = el("label", { class: "field-label" }, "Add a tag", this.input);
    const field = el("div", { class: "tagger-field" }, label);
    this.choices = new Combobox(this.input, {
      label: "Tags there are",
      host: field,
      // With nothing typed they would cover the buttons that one is about to press.
      find: async (text, signal) =>
        text.trim() ? (await findTags(text.trim(), signal)).slice(0, 8) : [],
      show: ({ tag, count }) => [
        el("span", { class: "choice-label" }, tag),
        el("span", { class: "choice-note" }, count.toLocaleString()),
      ],
      take: ({ tag }) => this.#add(tag),
    });
    // Enter adds what was typed; with nothing typed it sends the form.
    this.input.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.isComposing) return;
      const adds = event.key === "Enter" || event.key === ",";
      if (!adds || !this.input.value.trim()) return;
      event.preventDefault();
      this.#add(this.input.value);
    });
    const keys = "Enter adds it; Enter again applies.";
    const hint = el("p", { class: "hint", id: "tagger-hint" }, keys);
    this.content = [field, hint, this.chips];
    this.#show();
  }

  /** What is left typed is meant too. */
  answer() {
    if (this.input.value.trim()) this.#add(this.input.value);
    return { added: [...this.added], removed: [...this.removed] };
  }

  #add(text) {
    const tag = text.trim();
    this.input.value = "";
    this.choices.close();
    if (!tag) return;
    this.removed.delete(tag);
    const has = this.counts.find(([there]) => there === tag)?.[1] ?? 0;
    if (has < this.total) this.added.add(tag);
    announce(`${tag} will be added`);
    this.#show();
  }

  #remove(tag) {
    if (!this.added.delete(tag)) this.removed.add(tag);
    announce(`${tag} will be removed`);
    this.#show();
    this.input.focus();
  }

  #show() {
    const fresh = [...this.added].filter((tag) => !this.counts.some(([there]) => there === tag));
    const there = this.counts.slice(0, MOST_SHOWN);
    const rows = [...fresh.map((tag) => [tag, 0]), ...there].map((row) => this.#chip(...row));
    const left = this.counts.length - there.length;
    if (left > 0) rows.push(el("li", { class: "hint" }, `and ${counted(left, "more tag")}`));
    this.chips.replaceChildren(...rows);
  }

  #chip(tag, count) {
    const state = this.added.has(tag) ? "added" : this.removed.has(tag) ? "removed" : "there";
    const all = count === this.total;
    const note = state === "there" && !all ? `${count} of ${this.total}` : "";
    const buttons = [];
    if (state === "removed") {
      const click = () => {
        this.removed.delete(tag);
        this.#show();
      };
      buttons.push(chipButton(`Keep ${tag}`, "M5 13l4 4L19 7", click));
    } else {
      if (state === "there" && !all) {
        buttons.push(chipButton(`Add ${tag} to all`, "M12 5v14M5 12h14", () => this.#add(tag)));
      }
      buttons.push(chipButton(`Remove ${tag}`, CROSS, () => this.#remove(tag)));
    }
    const noted = note && el("span", { class: "chip-note" }, note);
    return el("li", { class: `chip chip-${state}` }, el("span", {}, tag), noted, buttons);
  }
}

function chipButton(label, path, click) {
  const named = { type: "button", class: "chip-button", "aria-label": label, title: label };
  return el("button", { ...named, on: { click } }, drawing(path));
}
