/** What is in a shared folder: a list that goes on as one reads, or tiles. */

import { ActionBar } from "./actions.js";
import { announce, el } from "./dom.js";
import { numberWords, sizeWords } from "./format.js";
import { getJson } from "./http.js";
import { page } from "./page.js";
import { kindDrawing } from "./tile.js";
import { sayError } from "./toast.js";

const KEY = "holdfast-share-layout";
const AT_ONCE = 200;

/** The part of a folder that is to be pictures and films for it to be shown as tiles at first. */
const MOSTLY = 0.8;

/** Shows the folder as folders were looked at last. */
export function start() {
  const list = document.getElementById("list");
  if (!list) return; // the folder is empty
  new List(list);
  const layouts = document.getElementById("layouts");
  layouts.hidden = false;
  const buttons = [...layouts.querySelectorAll("button")];
  const show = (layout) => {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.layout === layout));
    }
    list.hidden = layout === "tiles";
    document.getElementById("tiles").hidden = layout !== "tiles";
    if (layout === "tiles") showTiles();
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      keep(button.dataset.layout);
      show(button.dataset.layout);
    });
  }
  show(kept());
}

function kept() {
  try {
    const layout = localStorage.getItem(KEY);
    if (layout === "tiles" || layout === "list") return layout;
  } catch {
    // Storage may be forbidden.
  }
  return isOfPictures() ? "tiles" : "list";
}

function isOfPictures() {
  const { items } = page.first;
  const shown = items.filter(({ kind }) => kind === "image" || kind === "video");
  return shown.length >= items.length * MOSTLY;
}

function keep(layout) {
  try {
    localStorage.setItem(KEY, layout);
  } catch {
    // It holds for this page then.
  }
}

let tiles = null;

/** The same grid as that of a gallery, begun when it is wanted for the first time. */
function showTiles() {
  tiles ??= beginTiles();
  return tiles;
}

async function beginTiles() {
  const [{ showTimeline }, { Timeline }] = await Promise.all([
    import("./gallery.js"),
    import("./timeline.js"),
  ]);
  const element = el("div");
  document.getElementById("tiles").append(element);
  // Not with what the page came with: until all is known that would be taken for a timeline.
  const source = new Timeline({ within: page.in ?? "" });
  return showTimeline(element, source, { label: page.title || "What is in the folder" });
}

/** The list: what is selected in it, and more of it as one comes to its end. */
class List {
  #next = page.first.next;
  #asking = null;

  constructor(element) {
    this.rows = document.getElementById("entries");
    this.more = document.getElementById("more");
    /** Items by ref, in the order they were selected in. @type {Map<string, object>} */
    this.selected = new Map();
    const head = element.querySelector("thead tr");
    head.prepend(el("th", { scope: "col", class: "share-pick" }, this.#pickAll()));
    for (const [at, row] of [...this.rows.rows].entries()) {
      row.prepend(this.#pick(page.first.items[at]));
    }
    this.bar = new ActionBar({
      count: () => this.selected.size,
      items: async () => [...this.selected.values()],
      clear: () => this.#clear(),
    });
    this.more.querySelector("button").addEventListener("click", () => this.#ask());
    this.more.hidden = !this.#next;
    new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) this.#ask();
      },
      { rootMargin: "600px" },
    ).observe(this.more);
  }

  #pickAll() {
    this.all = el("input", {
      type: "checkbox",
      "aria-label": "Select all that are listed",
      on: { change: () => this.#setAll(this.all.checked) },
    });
    return this.all;
  }

  #pick(item) {
    const box = el("input", {
      type: "checkbox",
      "aria-label": `Select ${item.title || item.name}`,
      on: { change: () => this.#set(item, box.checked) },
    });
    box.item = item;
    return el("td", { class: "share-pick" }, box);
  }

  #set(item, on) {
    if (on) this.selected.set(item.ref, item);
    else this.selected.delete(item.ref);
    this.#refresh();
  }

  #setAll(on) {
    for (const box of this.rows.querySelectorAll(".share-pick input")) {
      box.checked = on;
      if (on) this.selected.set(box.item.ref, box.item);
    }
    if (!on) this.selected.clear();
    this.#refresh();
  }

  #clear() {
    this.#setAll(false);
  }

  #refresh() {
    const { size } = this.selected;
    this.all.checked = size > 0 && size === this.rows.rows.length;
    this.all.indeterminate = size > 0 && !this.all.checked;
    this.bar.refresh();
  }

  #ask() {
    if (!this.#next) return;
    this.#asking ??= this.#add()
      .catch((error) => sayError(error, "No more could be listed", () => this.#ask()))
      .finally(() => {
        this.#asking = null;
      });
  }

  async #add() {
    const asked = { in: page.in, from: this.#next, limit: AT_ONCE };
    const { items, next } = await getJson(page.urls.items, asked);
    this.rows.append(...items.map((item) => this.#row(item)));
    this.#next = next;
    this.more.hidden = !next;
    announce(`${numberWords(this.rows.rows.length)} are listed`);
    this.#refresh();
  }

  #row(item) {
    const name = el("span", { dir: "auto" }, item.title || item.name || "Untitled");
    const link = el(
      "a",
      { class: "share-entry", href: `${page.urls.thing}${item.ref}` },
      kindDrawing(item),
      name,
    );
    const isFolder = item.kind === "folder" || item.kind === "set";
    const date = isFolder || !item.time ? "" : item.time.slice(0, 10);
    return el(
      "tr",
      {},
      this.#pick(item),
      el("td", {}, link),
      el("td", { class: "share-size" }, sizeOf(item)),
      el("td", { class: "share-date" }, date),
    );
  }
}

function sizeOf({ count, size }) {
  if (count !== null) return `${numberWords(count)} ${count === 1 ? "item" : "items"}`;
  return size === null ? "" : sizeWords(size);
}
