/** The panel beside a thing shown large: what it is, when, where, and what it belongs to. */

import { el } from "./dom.js";
import { factRows } from "./factrows.js";
import { momentWords, numberWords, sizeWords } from "./format.js";
import { getJson } from "./http.js";
import { page } from "./page.js";

/** What `thing` tells of a thing may be asked for again after so many others. */
const MOST_KEPT = 40;

export class Facts {
  /** @type {Map<string, any>} */
  #kept = new Map();
  #control = new AbortController();

  /** @param {(item: import("./page.js").Item) => void} editTags  Or null where nobody may. */
  constructor(editTags) {
    this.editTags = editTags;
    this.element = el("aside", { class: "facts", "aria-label": "Details", hidden: true });
    addEventListener("holdfast:changed", () => this.#kept.clear());
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** @param {boolean} isOpen */
  set isOpen(isOpen) {
    this.element.hidden = !isOpen;
  }

  /** Shows what is known of an item at once, and the rest when it comes. */
  async show(item) {
    if (!this.isOpen) return;
    this.#control.abort();
    this.#control = new AbortController();
    const { signal } = this.#control;
    const kept = this.#kept.get(item.ref);
    this.#draw(item, kept ?? null);
    if (kept || !page.urls.api) return;
    try {
      const thing = await getJson(`${page.urls.api}thing`, { ref: item.ref }, { signal });
      this.#keep(item.ref, thing);
      if (!signal.aborted) this.#draw(thing.item ?? item, thing);
    } catch (error) {
      if (!signal.aborted) this.element.append(el("p", { class: "facts-problem" }, error.message));
    }
  }

  #keep(ref, thing) {
    this.#kept.set(ref, thing);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(old);
    }
  }

  #draw(item, thing) {
    const time = momentWords(item.time);
    const names = [item.title, item.name].filter(Boolean);
    this.element.replaceChildren(
      ...[
        el("h2", { dir: "auto" }, names[0] ?? "Without a name"),
        time && el("p", { class: "facts-time" }, el("time", { datetime: item.time }, time)),
        this.#tags(item),
        thing?.facts.length ? table(thing.facts, thing.place) : table(ownFacts(item)),
        thing && things("In these sets", thing.parents),
        thing && things("In these folders", thing.folders),
        page.urls.api &&
          el("p", {}, el("a", { class: "button", href: `/ui/${item.ref}` }, "All about it")),
      ].filter(Boolean),
    );
  }

  #tags(item) {
    const tags = (item.tags ?? []).map((tag) =>
      el(
        "li",
        {},
        page.urls.api
          ? el("a", { class: "facts-tag", dir: "auto", href: `/ui/?q=${asTag(tag)}` }, tag)
          : el("span", { class: "facts-tag", dir: "auto" }, tag),
      ),
    );
    if (this.editTags) {
      const click = () => this.editTags(item);
      const edit = el(
        "button",
        { class: "facts-tag facts-tag-edit", type: "button", on: { click } },
        tags.length ? "Edit tags" : "Add tags",
      );
      tags.push(el("li", {}, edit));
    }
    return tags.length > 0 && el("ul", { class: "facts-tags", "aria-label": "Tags" }, tags);
  }
}

function asTag(tag) {
  const quoted = /[\s"()]/.test(tag) ? JSON.stringify(tag) : tag;
  return encodeURIComponent(`tag:${quoted}`);
}

function table(facts, place = null) {
  return el("dl", { class: "facts-table" }, factRows(facts, place));
}

function ownFacts({ name, size, width, height, mime }) {
  const dimensions = `${numberWords(width)} × ${numberWords(height)}`;
  return [
    name && { label: "File", value: name },
    width && height && { label: "Dimensions", value: dimensions },
    size !== null && { label: "Size", value: sizeWords(size) },
    mime && { label: "Type", value: mime },
  ].filter(Boolean);
}

function things(title, items) {
  if (!items?.length) return null;
  return el(
    "section",
    { class: "facts-things" },
    el("h3", {}, title),
    el(
      "ul",
      {},
      items.map((item) =>
        el("li", {}, el("a", { dir: "auto", href: `/ui/${item.ref}` }, item.title || item.name)),
      ),
    ),
  );
}
