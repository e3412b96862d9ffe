/** The page of one thing: what it is, what is said of it, what it belongs to, how it came to be. */

import { act, api, isWritable, makeClaims, offerUndo, READ_ONLY, undo } from "./acts.js";
import { download } from "./actions.js";
import { Around, side } from "./around.js";
import { Attributes } from "./attributes.js";
import { drawing, el } from "./dom.js";
import { Editing, valuesOf } from "./editing.js";
import { factRows } from "./factrows.js";
import { History, preciseWords } from "./history.js";
import { getJson } from "./http.js";
import { InPlace } from "./inplace.js";
import { titleOf } from "./itemrow.js";
import { addShortcuts } from "./keys.js";
import { page } from "./page.js";
import { isBare } from "./permanodes.js";
import { previewOf } from "./preview.js";
import { rawFacts } from "./rawfacts.js";
import { aboutWords, isPart, nameOf } from "./thingwords.js";
import { explain, say, sayError } from "./toast.js";

const PEN = "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3";
const AGAIN = 2000; // milliseconds after which a server is asked again that could not answer

/** Of a server that is catching up, of none, and of proxies before one that is restarted. */
const PASSING = Object.freeze([0, 502, 503, 504]);

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
    // What it is now is not what it was.
    if (item && this.at === null) this.#showItem(item);
    window.addEventListener("holdfast:changed", () => this.#loadSoon());
    this.begun = this.#load();
    await this.begun;
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

  /** Its `camliType`, null if it is not known yet. */
  get type() {
    return this.thing?.type ?? null;
  }

  #loadSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.begun.then(() => this.#load()), 150);
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
      if (PASSING.includes(error.status)) this.timer = setTimeout(() => this.#load(), AGAIN);
      const words = explain(error, "Not all about it could be told");
      const back = this.at !== null && [" ", el("a", { href: `/ui/${this.ref}` }, "Back to now")];
      const look = { class: "note note-problem", role: "alert" };
      this.noted = words;
      this.notes.replaceChildren(el("p", look, words, ...(back || [])));
      return;
    }
    if (!signal.aborted) this.#show(thing);
  }

  #show(thing) {
    const first = this.thing === null;
    this.thing = thing;
    this.#showItem(thing.item);
    this.#showNotes(thing);
    if (first) this.#layOut();
    this.attributes?.update(thing.attributes);
    this.history?.update(thing.history, thing.earlier);
    this.#showFacts(thing);
    this.around.update(thing, this.at);
  }

  #showItem(item) {
    document.title = `${nameOf(item, this.type)} · Holdfast`;
    if (!this.renaming) this.#showTitle(item);
    else this.renaming.follow(valuesOf(this.thing.attributes, "title"));
    this.about.textContent = aboutWords(item, this.type);
    this.about.classList.toggle("mono", isPart(this.type));
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
    const name = nameOf(item, this.type);
    // What is not known yet cannot be changed: it would be added beside what is there.
    const mayChange = this.thing !== null && isWritable() && this.at === null && !this.isBare;
    // Made anew only when it is another: the keyboard may be there.
    const told = `${name}|${mayChange}`;
    if (this.titled === told && this.title.isConnected) return;
    this.titled = told;
    this.title.textContent = name;
    this.titleLine.replaceChildren(this.title);
    if (!mayChange) return;
    const label = "Change the title";
    const named = { type: "button", class: "icon-button", "aria-label": label, title: label };
    const pen = el("button", { ...named, on: { click: () => this.#rename() } }, drawing(PEN));
    this.titleLine.append(pen);
  }

  #rename() {
    if (this.renaming) return void this.renaming.field.focus();
    const before = valuesOf(this.thing.attributes, "title");
    const field = new InPlace({
      value: before[0] ?? "",
      label: "Title",
      save: async (value) => {
        const said = await editing.save(this.ref, value.trim() ? value : "");
        if (said) this.item.title = said[0] ?? this.item.name;
        return said !== null;
      },
      close: () => {
        this.renaming = null;
        this.#showTitle(this.item);
        this.titleLine.querySelector("button")?.focus();
        this.#loadSoon();
      },
    });
    const editing = new Editing("title", 0, before, field);
    this.renaming = editing;
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
    const isOfParts = isPart(this.type);
    if (item.content || item.count) {
      tools.push(button("Download", "download", () => download([item])));
    }
    if (this.at === null && !this.thing?.deleted) {
      if (!isOfParts || this.type === "static-set") {
        tools.push(button("Share", "share", () => this.#share()));
      }
      if (!isOfParts) tools.push(button("Add to set", "set", () => this.#addToSet()));
      if (!this.isBare) {
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

  #showNotes({ deleted, history, attributes, item, cut }) {
    const claims = history.filter((one) => one.act === "delete" && !one.undone && !one.stranger);
    const [missing] = item.content ? [] : valuesOf(attributes, "camliContent");
    const isCut = cut.includes("attributes") || cut.includes("paths");
    const told = JSON.stringify([deleted, claims, missing, isCut]);
    if (this.noted === told) return;
    this.noted = told;
    const notes = [];
    if (this.at !== null) {
      notes.push(
        el(
          "p",
          { class: "note" },
          `As it was on ${preciseWords(this.at)}: nothing can be changed there. What is around it `,
          "is as it is now. ",
          el("a", { href: `/ui/${this.ref}` }, "Back to now"),
        ),
      );
    }
    if (deleted) {
      const click = () => this.#restore(claims.map(({ claim }) => claim));
      const may = isWritable() && this.at === null && claims.length > 0;
      const button = may && el("button", { type: "button", class: "button", on: { click } }, "Restore");
      const look = { class: "note note-problem note-with-button" };
      const words = this.at === null ? "It is in the trash." : "It is in the trash now.";
      notes.push(el("p", look, words, button));
    }
    if (missing) {
      const words = "What it is of is not stored here: ";
      notes.push(
        el("p", { class: "note note-problem" }, words, el("span", { class: "mono" }, missing)),
      );
    }
    if (isCut) notes.push(el("p", { class: "note" }, "More is said of it than is shown."));
    this.notes.replaceChildren(...notes);
  }

  async #restore(claims) {
    try {
      offerUndo(`Restored ${titleOf(this.item)}`, { claims: await undo(claims) });
    } catch (error) {
      sayError(error, "It was not restored");
    }
  }

  #layOut() {
    const readOnly = this.at !== null;
    if (!this.isBare) {
      this.attributes = new Attributes(this.ref, { readOnly });
      this.history = new History(this.ref, { at: this.at });
    }
    this.facts = el("section", { class: "side" });
    this.around = new Around(() => this.#loadSoon());
    const sections = [
      this.attributes && side("What is said of it", this.attributes.element),
      this.facts,
      this.around.element,
      this.history && side("History", this.history.element),
      rawFacts(this.ref, this.item.content, { isOpen: isPart(this.type) }),
    ].filter(Boolean);
    if (this.isPlace) {
      // Where nothing is in it, what is said of it is what there is to see.
      const isSaid = this.thing.attributes.some(({ name }) => name !== "title");
      const open = readOnly || (!this.item.count && isSaid);
      const look = { class: "thing-details", open };
      this.sides = el("details", look, el("summary", {}, "Details"), sections);
      this.body.append(this.sides);
    } else {
      this.sides.replaceChildren(...sections);
      this.body.classList.add("thing-columns");
      this.body.append(this.preview, this.sides);
    }
  }

  #showFacts({ facts, place }) {
    const told = JSON.stringify([facts, place]);
    if (this.told === told) return;
    this.told = told;
    const rows = factRows(facts, place);
    this.facts.hidden = !rows.length;
    this.facts.replaceChildren(el("h2", {}, "Facts"), el("dl", { class: "fact-list" }, rows));
  }

  async #showPlace() {
    const isThen = this.at !== null;
    // What was in a set then is listed.
    if (isThen && this.item.kind === "set") return;
    const place = el("div", { class: "thing-place" });
    this.element.append(place);
    if (this.item.kind === "folder") {
      const { Folder } = await import("./folder.js");
      const ref = isThen ? this.item.content : this.ref;
      await new Folder(place, { ref, crumbs: this.crumbs }).begin(isThen ? null : page.first);
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
      when: () => this.thing !== null && isWritable() && !this.isBare && !this.at,
      run: () => this.#rename(),
    });
  }
}
