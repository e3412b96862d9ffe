/** The page of one thing: what it is, what is said of it, what it belongs to, how it came to be. */

import { act, api, isWritable, makeClaims, offerUndo, READ_ONLY, undo } from "./acts.js";
import { download } from "./actions.js";
import { Attributes, changeAttribute } from "./attributes.js";
import { drawing, el } from "./dom.js";
import { momentWords, numberWords } from "./format.js";
import { History } from "./history.js";
import { getJson } from "./http.js";
import { InPlace } from "./inplace.js";
import { itemRow, titleOf } from "./itemrow.js";
import { addShortcuts } from "./keys.js";
import { page } from "./page.js";
import { isBare } from "./permanodes.js";
import { previewOf } from "./preview.js";
import { rawFacts } from "./rawfacts.js";
import { shareRow } from "./sharerow.js";
import { explain, say, sayError } from "./toast.js";

const PEN = "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3";
const AGAIN = 2000; // milliseconds after which a server that is catching up is asked again

/** Show the page. */
export async function start() {
  const at = new URLSearchParams(location.search).get("at");
  const view = new ThingPage(document.getElementById("main"), page.ref, at);
  await view.begin(page.item);
}

class ThingPage {
  /** @param {HTMLElement} main @param {string} ref @param {string|null} at a time, or null: now */
  constructor(main, ref, at) {
    this.ref = ref;
    this.at = at;
    this.thing = null;
    this.title = el("h1", { class: "thing-title", dir: "auto" });
    this.titleLine = el("div", { class: "thing-title-line" }, this.title);
    this.about = el("p", { class: "thing-about" });
    this.tools = el("div", { class: "thing-tools" });
    this.notes = el("div", { class: "thing-notes" });
    this.crumbs = el("nav", { class: "crumbs", "aria-label": "Where it is", hidden: true });
    this.body = el("div", { class: "thing-body" });
    this.preview = el("div", { class: "thing-preview" });
    this.sides = el("div", { class: "thing-sides" });
    const head = el("header", { class: "thing-head" }, this.titleLine, this.about, this.tools);
    this.element = el("article", { class: "thing" }, this.crumbs, head, this.notes, this.body);
    main.append(this.element);
  }

  async begin(item) {
    if (item) this.#showItem(item);
    await this.#load();
    window.addEventListener("holdfast:changed", () => this.#loadSoon());
    if (this.isPlace) await this.#showPlace();
    this.#addKeys();
  }

  get item() {
    return this.thing?.item ?? page.item;
  }

  get isPlace() {
    return this.item?.kind === "set" || this.item?.kind === "folder";
  }

  get isBare() {
    return this.thing ? this.thing.type !== "permanode" : isBare(this.item);
  }

  #loadSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#load(), 150);
  }

  async #load() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    let thing;
    try {
      thing = await getJson(api("thing"), { ref: this.ref, at: this.at }, { signal });
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 503) this.timer = setTimeout(() => this.#load(), AGAIN);
      const words = explain(error, "Not all about it could be told");
      this.notes.replaceChildren(el("p", { class: "note note-problem", role: "alert" }, words));
      return;
    }
    if (signal.aborted) return;
    this.#show(thing);
    await this.#loadShares(signal);
  }

  /** The shares that open this very thing. */
  async #loadShares(signal) {
    try {
      const { shares } = await getJson(api("shares"), {}, { signal });
      const own = [this.ref, this.item.content];
      const rows = shares
        .filter(({ target }) => target !== null && own.includes(target))
        .map((one) => shareRow(one, () => this.#loadSoon()));
      this.shares = rows.length ? side("Shares", el("ul", { class: "rows" }, rows)) : null;
      if (!signal.aborted) this.#showRelations(this.thing);
    } catch {
      // All else about it is told.
    }
  }

  #show(thing) {
    const first = this.thing === null;
    this.thing = thing;
    this.#showItem(thing.item);
    this.#showNotes(thing);
    if (first) this.#layOut();
    this.attributes?.update(this.#ownAttributes(thing));
    this.history?.update(thing.history);
    this.#showFacts(thing);
    this.#showRelations(thing);
  }

  #showItem(item) {
    document.title = `${titleOf(item)} · Holdfast`;
    if (!this.renaming) this.#showTitle(item);
    this.about.textContent = aboutWords(item);
    const key = `${item.content}|${item.cover}|${item.kind}`;
    if (this.previewed !== key) {
      this.previewed = key;
      const shown = previewOf(item);
      this.preview.replaceChildren(...(shown ? [shown] : []));
      this.preview.hidden = !shown;
    }
    this.#showTools();
  }

  #showTitle(item) {
    this.title.textContent = titleOf(item);
    this.titleLine.replaceChildren(this.title);
    if (!isWritable() || this.at || this.isBare) return;
    const label = "Change the title";
    const named = { type: "button", class: "icon-button", "aria-label": label, title: label };
    const pen = el("button", { ...named, on: { click: () => this.#rename() } }, drawing(PEN));
    this.titleLine.append(pen);
  }

  #rename() {
    const before = this.thing?.attributes.find(({ name }) => name === "title")?.values ?? [];
    const field = new InPlace({
      value: before[0] ?? "",
      label: "Title",
      save: (value) =>
        changeAttribute(this.ref, "title", before, value.trim() ? [value, ...before.slice(1)] : []),
      close: () => {
        this.renaming = null;
        this.#showTitle(this.item);
        this.titleLine.querySelector("button")?.focus();
        this.#loadSoon();
      },
    });
    this.renaming = field;
    this.titleLine.replaceChildren(field.element);
    field.focus();
  }

  #showTools() {
    const { item } = this;
    const tools = [];
    const button = (label, icon, run, tone = "") => {
      const click = () => {
        if (icon !== "download" && !isWritable()) say(READ_ONLY);
        else run();
      };
      return el("button", { type: "button", class: `button ${tone}`, on: { click } }, label);
    };
    if (item.content || item.kind === "set") {
      tools.push(button("Download", "download", () => download([item])));
    }
    if (!this.at) {
      tools.push(button("Share", "share", () => this.#share()));
      tools.push(button("Add to set", "set", () => this.#addToSet()));
      if (!this.isBare && !this.thing?.deleted) {
        const tone = "button-quiet tone-danger";
        tools.push(button("Move to trash", "delete", () => this.#delete(), tone));
      }
    }
    const said = tools.map((tool) => tool.textContent).join();
    // Made anew only when they are others: the keyboard may be there.
    if (this.tooled === said) return;
    this.tooled = said;
    this.tools.replaceChildren(...tools);
  }

  async #share() {
    const { share } = await import("./shareform.js");
    if (await share({ refs: [this.ref], title: titleOf(this.item) })) this.#loadSoon();
  }

  async #addToSet() {
    const { addToSet } = await import("./setpicker.js");
    await addToSet([this.item]);
  }

  #delete() {
    return act({
      doing: "Moving to trash",
      done: `Moved ${titleOf(this.item)} to trash`,
      run: async () => ({ claims: await makeClaims([{ act: "delete", target: this.ref }]) }),
    });
  }

  #showNotes({ deleted, history }) {
    const notes = [];
    if (this.at) {
      notes.push(
        el(
          "p",
          { class: "note" },
          `As it was on ${momentWords(this.at)}. Nothing can be changed there. `,
          el("a", { href: `/ui/${this.ref}` }, "Back to now"),
        ),
      );
    }
    if (deleted) {
      const claim = history.find((entry) => entry.act === "delete" && !entry.undone)?.claim;
      const click = () => this.#restore(claim);
      const button = el("button", { type: "button", class: "button", on: { click } }, "Restore");
      const look = { class: "note note-problem note-with-button" };
      notes.push(el("p", look, "It is in the trash.", claim && button));
    }
    this.notes.replaceChildren(...notes);
  }

  async #restore(claim) {
    try {
      offerUndo(`Restored ${titleOf(this.item)}`, { claims: await undo([claim]) });
    } catch (error) {
      sayError(error, "It was not restored");
    }
  }

  /** Sets tell their members by showing them. */
  #ownAttributes({ attributes }) {
    if (this.item.kind !== "set") return attributes;
    return attributes.filter(({ name }) => name !== "camliMember");
  }

  #layOut() {
    const readOnly = this.at !== null;
    if (!this.isBare) {
      this.attributes = new Attributes(this.ref, { readOnly });
      this.history = new History(this.ref, { at: this.at });
    }
    this.facts = el("section", { class: "side" });
    this.relations = el("div", { class: "thing-relations" });
    const sections = [
      this.attributes && side("What is said of it", this.attributes.element),
      this.facts,
      this.relations,
      this.history && side("History", this.history.element),
      rawFacts(this.ref, this.item.content),
    ].filter(Boolean);
    if (this.isPlace) {
      const look = { class: "thing-details", open: this.at !== null };
      this.sides = el("details", look, el("summary", {}, "Details"), sections);
      this.body.append(this.sides);
    } else {
      this.sides.replaceChildren(...sections);
      this.body.classList.add("thing-columns");
      this.body.append(this.preview, this.sides);
    }
  }

  #showFacts({ facts, place }) {
    const rows = facts.map(({ label, value }) => [el("dt", {}, label), el("dd", {}, value)]);
    if (place) {
      const { latitude, longitude } = place;
      const where = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
      const href = `/ui/map#${latitude},${longitude},10`;
      rows.push([el("dt", {}, "On the map"), el("dd", {}, el("a", { href }, where))]);
    }
    this.facts.hidden = !rows.length;
    this.facts.replaceChildren(el("h2", {}, "Facts"), el("dl", { class: "fact-list" }, rows));
  }

  #showRelations({ parents, folders, references }) {
    const listed = (title, rows) =>
      rows.length > 0 && side(title, el("ul", { class: "rows" }, rows));
    const named = (outgoing) =>
      references
        .filter((reference) => Boolean(reference.outgoing) === outgoing)
        .map((item) => itemRow(item, { note: item.by }));
    const sections = [
      listed("In these sets", parents.map((item) => itemRow(item))),
      listed("In these folders", folders.map((item) => itemRow(item))),
      listed("It names", named(true)),
      listed("Named by", named(false)),
      this.shares,
    ].filter(Boolean);
    this.relations.replaceChildren(...sections);
    this.relations.hidden = !sections.length;
  }

  async #showPlace() {
    const place = el("div", { class: "thing-place" });
    this.element.append(place);
    if (this.item.kind === "folder") {
      const { Folder } = await import("./folder.js");
      await new Folder(place, { ref: this.ref, crumbs: this.crumbs }).begin(page.first);
    } else {
      const { showMembers } = await import("./members.js");
      await showMembers(place, this.item, this.thing?.attributes ?? []);
    }
  }

  #addKeys() {
    addShortcuts({
      keys: "e",
      label: "Change the title",
      group: "This thing",
      when: () => isWritable() && !this.isBare && !this.at,
      run: () => this.#rename(),
    });
  }
}

function side(title, ...content) {
  return el("section", { class: "side" }, el("h2", {}, title), content);
}

const KINDS = Object.freeze({
  image: "Photo",
  video: "Video",
  audio: "Recording",
  document: "Document",
  file: "File",
  folder: "Folder",
  set: "Set",
  other: "Thing",
});

function aboutWords({ kind, count, time }) {
  const parts = [KINDS[kind] ?? KINDS.other];
  if (count !== null) parts.push(`${numberWords(count)} ${count === 1 ? "item" : "items"}`);
  if (time) parts.push(momentWords(time));
  return parts.join(" · ");
}
