/** One tile of a grid: a link to a thing, its picture or its title, and what marks it. */

import { drawing, el } from "./dom.js";
import { dayWords, lengthWords, numberWords, sizeWords } from "./format.js";
import { thumbnailUrl, thingUrl } from "./page.js";

const DRAWINGS = Object.freeze({
  audio: "M9 18V5l11-2v13M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0zm11-2a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  folder: "M3 6h6l2 2h10v11H3z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
  other: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
  set: "M4 8h16v12H4zM6 8V5h12v3",
  video: "M4 5h16v14H4zM10 9l5 3-5 3z",
});
const CHECK = "M5 12.5l4.5 4.5L19 7.5";
const PLAY = "M8 5l11 7-11 7z";

const KINDS = Object.freeze({
  audio: "Audio",
  document: "Document",
  file: "File",
  folder: "Folder",
  image: "Photo",
  other: "Thing",
  set: "Set",
  video: "Video",
});

/** Pictures that come sooner than this were at hand: they do not fade in. */
const AT_HAND = 60;

/**
 * What a thing is called, for who cannot see it.
 * @param {import("./page.js").Item} item
 */
export function itemName(item) {
  const parts = [KINDS[item.kind] ?? KINDS.other, item.title || item.name, dayWords(item.time)];
  if (item.seconds) parts.push(lengthWords(item.seconds));
  if (item.count !== null && item.count !== undefined) parts.push(countWords(item));
  return parts.filter(Boolean).join(", ");
}

/** @param {import("./page.js").Item} item */
export function kindDrawing(item) {
  return drawing(DRAWINGS[item.kind] ?? DRAWINGS.other);
}

function countWords({ count }) {
  return `${numberWords(count)} ${count === 1 ? "item" : "items"}`;
}

function looksSame(one, other) {
  return (
    one.ref === other.ref &&
    one.cover === other.cover &&
    one.kind === other.kind &&
    itemName(one) === itemName(other)
  );
}

/**
 * A tile. It is used again for other items when its own has been scrolled away.
 */
export class Tile {
  constructor() {
    this.index = -1;
    this.item = null;
    this.high = 0;
    this.picture = null;
    this.link = el("a", { class: "tile-link", draggable: "false", tabindex: "-1" });
    this.check = el(
      "button",
      { class: "tile-check", type: "button", tabindex: "-1", "aria-hidden": "true" },
      drawing(CHECK),
    );
    this.element = el("div", { class: "tile", role: "gridcell" }, this.link, this.check);
    this.element.tile = this;
    this.empty();
  }

  /**
   * Puts the tile in its box.
   * @param {number} index
   * @param {{left: number, width: number, height: number, column: number}} box
   */
  place(index, { left, width, height, column }) {
    const { style } = this.element;
    this.index = index;
    this.high = height;
    style.insetInlineStart = `${left}px`;
    style.width = `${width}px`;
    this.element.setAttribute("aria-colindex", String(column));
    this.element.classList.toggle("tile-small", width < 96 || height < 80);
  }

  /** Shows an item, or that it is not known yet. @param {import("./page.js").Item|null} item */
  fill(item) {
    const had = this.item;
    if (!item) return;
    this.item = item;
    if (had && looksSame(had, item)) return;
    this.clearPicture();
    this.element.dataset.kind = item.kind;
    this.link.setAttribute("aria-label", itemName(item));
    this.link.setAttribute("href", thingUrl(item));
    this.link.replaceChildren(...(item.cover ? this.pictured(item) : this.titled(item)));
  }

  pictured(item) {
    if (item.kind === "image") return [];
    const badge = el("span", { class: "tile-badge" });
    if (item.kind === "video") {
      badge.append(drawing(PLAY), item.seconds ? lengthWords(item.seconds) : "");
    } else {
      badge.append(kindDrawing(item));
      if (item.kind === "audio" && item.seconds) badge.append(lengthWords(item.seconds));
    }
    if (item.kind === "video") return [badge];
    return [badge, el("span", { class: "tile-caption" }, ...this.words(item))];
  }

  titled(item) {
    return [el("span", { class: "tile-card" }, kindDrawing(item), ...this.words(item))];
  }

  words(item) {
    const more = [];
    if (item.count !== null && item.count !== undefined) more.push(countWords(item));
    else if (item.seconds) more.push(lengthWords(item.seconds));
    else if (item.size !== null && item.size !== undefined) more.push(sizeWords(item.size));
    const title = item.title || item.name || KINDS[item.kind] || KINDS.other;
    return [
      el("span", { class: "tile-title", dir: "auto" }, title),
      more.length ? el("span", { class: "tile-more" }, more[0]) : "",
    ];
  }

  /** Asks for the picture, if there is one and it was not asked for yet. */
  showPicture() {
    if (this.picture || !this.item?.cover) return;
    const picture = document.createElement("img");
    const asked = performance.now();
    picture.alt = "";
    picture.decoding = "async";
    picture.draggable = false;
    picture.className = "tile-picture is-coming";
    picture.addEventListener("load", () => {
      const isFading = performance.now() - asked > AT_HAND;
      picture.classList.toggle("is-fading", isFading);
      picture.classList.remove("is-coming");
    });
    picture.addEventListener("error", () => {
      if (this.picture === picture) this.showMissing();
    });
    picture.src = thumbnailUrl(this.item.cover, this.high * devicePixelRatio * 0.9);
    this.picture = picture;
    this.link.prepend(picture);
  }

  showMissing() {
    this.clearPicture();
    this.link.replaceChildren(...this.titled(this.item));
  }

  clearPicture() {
    if (!this.picture) return;
    this.picture.removeAttribute("src"); // what is still on its way is given up
    this.picture.remove();
    this.picture = null;
  }

  /** Forgets what was shown. */
  empty() {
    this.clearPicture();
    this.item = null;
    this.index = -1;
    this.link.replaceChildren();
    this.link.removeAttribute("href");
    this.link.setAttribute("aria-label", "Loading");
    delete this.element.dataset.kind;
  }

  /** @param {boolean} on */
  setSelected(on) {
    this.element.setAttribute("aria-selected", String(on));
  }

  /** Whether the Tab key comes here. @param {boolean} on */
  setActive(on) {
    this.link.tabIndex = on ? 0 : -1;
  }
}
