/** A folder as a list or as tiles: folders first, sorted as one likes, thousands as well as few. */

import { ActionBar } from "./actions.js";
import { api } from "./acts.js";
import { el, isTyping, setAttribute } from "./dom.js";
import { dayWords, numberWords, sizeWords } from "./format.js";
import { getJson } from "./http.js";
import { smallPicture, titleOf } from "./itemrow.js";
import { addShortcuts } from "./keys.js";
import { Lightbox } from "./lightbox.js";
import { whenNear } from "./nearing.js";
import { thingUrl } from "./page.js";
import { ItemList, Timeline } from "./timeline.js";
import { explain } from "./toast.js";

const CHUNK = 500;
const KEY = "holdfast-folder-view";

/** @type {readonly {name: string, label: string, of: (item: any) => any}[]} */
const COLUMNS = Object.freeze([
  { name: "name", label: "Name", of: ({ name, title }) => (name || title).toLowerCase() },
  { name: "size", label: "Size", of: ({ size, count }) => size ?? count ?? -1 },
  { name: "time", label: "Changed", of: ({ time }) => time ?? "" },
]);

const ORDER = new Intl.Collator(undefined, { numeric: true });

export class Folder {
  /**
   * @param {HTMLElement} place
   * @param {{ref: string, crumbs: HTMLElement}} options
   */
  constructor(place, { ref, crumbs }) {
    this.place = place;
    this.ref = ref;
    this.crumbs = crumbs;
    /** @type {import("./page.js").Item[]} */
    this.items = [];
    this.next = null;
    this.sort = { name: "name", down: false };
    this.selected = new Set();
    this.view = keptView();
  }

  /** @param {{items: import("./page.js").Item[], next: string|null}|null} first */
  async begin(first) {
    this.#showSwitch();
    this.#showCrumbs();
    if (this.view === "tiles") return this.#showTiles();
    return this.#showList(first);
  }

  #showSwitch() {
    const option = (view, label) => {
      const click = () => {
        keepView(view);
        location.reload();
      };
      const pressed = String(this.view === view);
      const look = { type: "button", class: "switch-option", "aria-pressed": pressed };
      return el("button", { ...look, on: { click } }, label);
    };
    const named = { class: "switch", role: "group", "aria-label": "How the folder is shown" };
    this.note = el("p", { class: "folder-note soft small", role: "status" });
    this.place.append(
      el(
        "div",
        { class: "folder-bar" },
        this.note,
        el("div", named, option("list", "List"), option("tiles", "Tiles")),
      ),
    );
  }

  async #showCrumbs() {
    try {
      const { crumbs } = await getJson(api("crumbs"), { ref: this.ref });
      const up = crumbs.filter(({ ref }) => ref !== this.ref);
      const links = [{ title: "Folders", href: "/ui/folders" }].concat(
        up.map((item) => ({ title: titleOf(item), href: thingUrl(item) })),
      );
      const rows = links.map(({ title, href }) => el("li", {}, el("a", { href }, title)));
      this.crumbs.replaceChildren(el("ol", {}, rows));
      this.crumbs.hidden = false;
      addShortcuts({
        keys: "u Backspace",
        label: "Up one folder",
        group: "Folder",
        run: () => location.assign(links.at(-1).href),
      });
    } catch {
      // One can still go back.
    }
  }

  async #showTiles() {
    const { showTimeline } = await import("./gallery.js");
    const grid = el("div", { id: "grid" });
    this.place.append(el("section", { class: "gallery" }, grid));
    await showTimeline(grid, new Timeline({ within: this.ref }), { label: "In this folder" });
  }

  async #showList(first) {
    this.body = el("tbody", {});
    const heads = COLUMNS.map((column) => this.#head(column));
    const all = checkbox("Select all", (on) => this.#selectAll(on));
    this.allBox = all;
    this.table = el(
      "table",
      { class: "files", "aria-label": "In this folder" },
      el("thead", {}, el("tr", {}, el("th", { class: "files-check" }, all), heads)),
      this.body,
    );
    this.end = el("div", { class: "files-end" });
    this.place.append(this.table, this.end);
    this.bar = new ActionBar({
      count: () => this.selected.size,
      items: async () => this.items.filter(({ ref }) => this.selected.has(ref)),
      clear: () => this.#selectAll(false),
      all: () => this.#selectAll(true),
    });
    this.lightbox = new Lightbox({ source: () => this.source });
    this.body.addEventListener("keydown", (event) => this.#onKey(event));
    this.body.addEventListener("click", (event) => this.#onClick(event));
    addShortcuts({
      keys: "Escape",
      label: "Clear the selection",
      group: "Selection",
      when: () => this.selected.size > 0,
      run: () => this.#selectAll(false),
    });
    if (first) this.#take(first);
    else await this.#more();
    whenNear(this.end, () => this.#more());
  }

  #head({ name, label }) {
    const click = () => this.#sortBy(name);
    const button = el("button", { type: "button", class: "files-sort", on: { click } }, label);
    const is = this.sort.name === name ? "ascending" : null;
    return el("th", { class: `files-${name}`, "aria-sort": is, dataset: { name } }, button);
  }

  /** The next entries; whether there were any. */
  #more() {
    this.loading ??= this.#load().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  async #load() {
    if (this.items.length && this.next === null) return false;
    this.note.textContent = "Loading";
    try {
      const asked = { ref: this.ref, from: this.next, limit: CHUNK };
      this.#take(await getJson(api("members"), asked));
      return this.next !== null;
    } catch (error) {
      this.note.textContent = explain(error, "The folder could not be read");
      this.next = null;
      return false;
    }
  }

  #take({ items, next }) {
    this.items.push(...items);
    this.next = next;
    this.body.append(...items.map((item) => this.#row(item)));
    const count = numberWords(this.items.length);
    this.note.textContent = next ? `${count} and more` : `${count} in all`;
    this.source = new ItemList(this.items.filter(isSeen));
    if (!this.items.length) {
      const nothing = el("td", { colspan: 4, class: "soft" }, "The folder is empty.");
      this.body.append(el("tr", {}, nothing));
    }
  }

  #row(item) {
    const title = titleOf(item);
    const box = checkbox(`Select ${title}`, (on) => this.#select([item.ref], on));
    box.checked = this.selected.has(item.ref);
    const size = item.kind === "folder" ? folderSize(item) : sizeOf(item);
    const link = { class: "files-link", href: thingUrl(item), dir: "auto" };
    return el(
      "tr",
      { dataset: { ref: item.ref } },
      el("td", { class: "files-check" }, box),
      el("td", { class: "files-name" }, el("a", link, smallPicture(item), el("span", {}, title))),
      el("td", { class: "files-size number" }, size),
      el("td", { class: "files-time number" }, dayWords(item.time)),
    );
  }

  /** Sorting otherwise than the server does needs all of it. */
  async #sortBy(name) {
    const down = this.sort.name === name ? !this.sort.down : name !== "name";
    while (this.next !== null) await this.#more();
    this.sort = { name, down };
    const { of } = COLUMNS.find((column) => column.name === name);
    const turn = down ? -1 : 1;
    this.items.sort((one, other) => {
      const folders = (other.kind === "folder") - (one.kind === "folder");
      const names = compared(titleOf(one), titleOf(other));
      return folders || turn * compared(of(one), of(other)) || names;
    });
    for (const head of this.table.querySelectorAll("th[data-name]")) {
      const is = head.dataset.name === name ? (down ? "descending" : "ascending") : null;
      setAttribute(head, "aria-sort", is);
    }
    this.source = new ItemList(this.items.filter(isSeen));
    this.body.replaceChildren(...this.items.map((item) => this.#row(item)));
  }

  #select(refs, on) {
    for (const ref of refs) {
      if (on) this.selected.add(ref);
      else this.selected.delete(ref);
    }
    this.#showSelected();
  }

  #selectAll(on) {
    this.selected = new Set(on ? this.items.map(({ ref }) => ref) : []);
    this.#showSelected();
  }

  #showSelected() {
    for (const row of this.body.rows) {
      const on = this.selected.has(row.dataset.ref);
      row.classList.toggle("is-selected", on);
      const box = row.querySelector("input");
      if (box) box.checked = on;
    }
    this.allBox.checked = this.selected.size > 0 && this.selected.size === this.items.length;
    this.allBox.indeterminate = this.selected.size > 0 && !this.allBox.checked;
    this.bar.refresh();
  }

  #onClick(event) {
    const link = event.target.closest("a.files-link");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { ref } = link.closest("tr").dataset;
    const at = this.source.chunks.get(0)?.findIndex((item) => item.ref === ref) ?? -1;
    if (at < 0) return;
    event.preventDefault();
    this.lightbox.open(at);
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest("tr");
    const beside = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling };
    if (event.key in beside) {
      event.preventDefault();
      beside[event.key]?.querySelector("a")?.focus();
    } else if ((event.key === " " || event.key === "x") && !isTyping(event.target)) {
      if (event.target.matches("input")) return;
      event.preventDefault();
      this.#select([row.dataset.ref], !this.selected.has(row.dataset.ref));
    }
  }
}

function checkbox(label, change) {
  const box = el("input", { type: "checkbox", "aria-label": label });
  box.addEventListener("change", () => change(box.checked));
  return box;
}

function isSeen({ kind, content }) {
  return content !== null && kind !== "folder" && kind !== "set";
}

function sizeOf({ size }) {
  return size === null || size === undefined ? "" : sizeWords(size);
}

function folderSize({ count }) {
  if (count === null || count === undefined) return "";
  return `${numberWords(count)} ${count === 1 ? "item" : "items"}`;
}

function compared(one, other) {
  return typeof one === "string" ? ORDER.compare(one, other) : one - other;
}

function keptView() {
  try {
    return localStorage.getItem(KEY) === "tiles" ? "tiles" : "list";
  } catch {
    return "list";
  }
}

function keepView(view) {
  try {
    localStorage.setItem(KEY, view);
  } catch {
    // It holds for this page then.
  }
}
