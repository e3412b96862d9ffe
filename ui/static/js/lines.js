/** The headings and rows of a grid that are in the document; used again as one scrolls. */

import { drawing, el } from "./dom.js";
import { Tile } from "./tile.js";

const CHECK = "M5 12.5l4.5 4.5L19 7.5";

/** Tiles kept for later. More are not worth their memory. */
const MOST_SPARE = 150;

/**
 * Lines are numbered from the top, headings and rows alike, so that the document has them in order.
 */
export class Lines {
  #rows = new Map();
  #headings = new Map();
  #spare = [];
  #moving = new Map();
  #layout = null;
  #active = -1;

  /**
   * @param {HTMLElement} element
   * @param {import("./grid.js").Grid} grid
   */
  constructor(element, grid) {
    this.element = element;
    this.grid = grid;
    /** Whether the keyboard is at a tile that has been taken away, and must come back. */
    this.isMoving = false;
    /** The first item of which all can be seen. */
    this.first = 0;
  }

  /**
   * Begins anew, where everything has another place. Tiles go there with what they show.
   * @param {import("./layout.js").Layout} layout
   */
  reset(layout) {
    this.isMoving ||= this.element.contains(document.activeElement);
    for (const { element, tiles } of this.#rows.values()) {
      element.remove();
      for (const tile of tiles) {
        if (tile.item) this.#moving.set(tile.item.ref, tile);
        else this.#retire(tile);
      }
    }
    this.#rows.clear();
    for (const heading of this.#headings.values()) heading.remove();
    this.#headings.clear();
    this.#layout = layout;
  }

  /** About how many items are seen at a time, with what is near. */
  get seen() {
    return [...this.#rows.values()].reduce((sum, { tiles }) => sum + tiles.length, 0);
  }

  /**
   * Has the lines of a span in the document, and no others but that of `kept`.
   * @param {{top: number, bottom: number}} span
   * @param {number} kept  An item, or -1.
   * @param {{top: number, bottom: number}} seen  The part of the span that is looked at.
   * @returns {[number, number]}  The items that are now here, but for `kept`.
   */
  show(span, kept, seen) {
    const layout = this.#layout;
    if (!layout?.rows) return [0, 0];
    const first = layout.rowAt(span.top);
    const last = layout.rowAt(span.bottom);
    const stays = kept >= 0 ? layout.rowOf(kept) : -1;
    for (const row of [...this.#rows.keys()]) {
      if ((row < first || row > last) && row !== stays) this.#dropRow(row);
    }
    for (let row = first; row <= last; row += 1) if (!this.#rows.has(row)) this.#addRow(row);
    if (stays >= 0 && !this.#rows.has(stays)) this.#addRow(stays);
    for (const tile of this.#moving.values()) this.#retire(tile);
    this.#moving.clear();
    this.#showHeadings(layout.sectionAt(span.top), layout.sectionAt(span.bottom));
    this.#showActive(seen);
    return [layout.rowFirst[first], layout.rowFirst[last + 1]];
  }

  #showHeadings(first, last) {
    for (const [section, heading] of this.#headings) {
      if (section >= first && section <= last) continue;
      heading.remove();
      this.#headings.delete(section);
    }
    for (let section = first; section <= last; section += 1) {
      const { label } = this.#layout.sections[section];
      if (label !== null && !this.#headings.has(section)) this.#addHeading(section);
    }
  }

  #addRow(row) {
    const { rowTop, rowHeight, rowFirst, left, across } = this.#layout;
    const section = this.#layout.sectionOf(rowFirst[row]);
    const element = el("div", { class: "grid-row", role: "row" });
    element.style.insetBlockStart = `${rowTop[row]}px`;
    element.style.height = `${rowHeight[row]}px`;
    const tiles = [];
    for (let index = rowFirst[row]; index < rowFirst[row + 1]; index += 1) {
      const item = this.grid.source.item(index);
      const tile = this.#tileFor(item);
      const column = index - rowFirst[row] + 1;
      const box = { left: left[index], width: across[index], height: rowHeight[row] };
      tile.place(index, { ...box, column });
      tile.fill(item);
      tile.setSelected(this.grid.selection.has(index));
      tile.setActive(index === this.#active);
      element.append(tile.element);
      tiles.push(tile);
    }
    this.#rows.set(row, { element, tiles });
    this.#insert(element, row + section + 1);
  }

  #tileFor(item) {
    const moved = item && this.#moving.get(item.ref);
    if (!moved) return this.#spare.pop() ?? new Tile();
    this.#moving.delete(item.ref);
    return moved;
  }

  #dropRow(row) {
    const { element, tiles } = this.#rows.get(row);
    this.#rows.delete(row);
    element.remove();
    for (const tile of tiles) this.#retire(tile);
  }

  #retire(tile) {
    tile.empty();
    if (this.#spare.length < MOST_SPARE) this.#spare.push(tile);
  }

  #addHeading(section) {
    const { top, first, end, row } = this.#layout.sections[section];
    const words = this.grid.headingWords(section);
    const check = el(
      "button",
      {
        class: "heading-check",
        type: "button",
        tabindex: "-1",
        "aria-label": `Select ${words}`,
        on: { click: () => this.#toggleSection(first, end) },
      },
      drawing(CHECK),
    );
    const heading = el(
      "div",
      { class: "grid-heading", role: "row" },
      el("div", { role: "rowheader" }, this.grid.isSelectable && check, el("h2", {}, words)),
    );
    heading.style.insetBlockStart = `${top}px`;
    this.#headings.set(section, heading);
    this.#insert(heading, row + section);
    this.#showHeadingSelection(section, heading);
  }

  #toggleSection(first, end) {
    const { selection } = this.grid;
    selection.setRange(first, end, selection.countWithin(first, end) < end - first);
    this.grid.announceSelection();
  }

  #insert(element, line) {
    element.line = line;
    element.setAttribute("aria-rowindex", String(line + 1));
    let before = this.element.lastElementChild;
    while (before && before.line > line) before = before.previousElementSibling;
    if (before) before.after(element);
    else this.element.prepend(element);
  }

  /** The tile of an item, if it is here. @param {number} index @returns {Tile|undefined} */
  tile(index) {
    if (!this.#layout?.rows) return undefined;
    const row = this.#layout.rowOf(index);
    return this.#rows.get(row)?.tiles[index - this.#layout.rowFirst[row]];
  }

  * #tiles() {
    for (const { tiles } of this.#rows.values()) yield* tiles;
  }

  /**
   * Shows items that have come.
   * @param {number} from
   * @param {number} end
   * @param {boolean} withPictures
   */
  refill(from, end, withPictures) {
    for (const tile of this.#tiles()) {
      if (tile.index < from || tile.index >= end) continue;
      tile.fill(this.grid.source.item(tile.index));
      if (withPictures) tile.showPicture();
    }
  }

  /** Asks for all pictures that are here, those nearest to height `y` first. @param {number} y */
  showPictures(y) {
    const { rowTop } = this.#layout;
    const away = (row) => Math.abs(rowTop[row] - y);
    for (const row of [...this.#rows.keys()].sort((one, other) => away(one) - away(other))) {
      for (const tile of this.#rows.get(row).tiles) {
        if (!tile.item) tile.fill(this.grid.source.item(tile.index));
        tile.showPicture();
      }
    }
  }

  /** Marks what is selected. */
  showSelection() {
    for (const tile of this.#tiles()) tile.setSelected(this.grid.selection.has(tile.index));
    for (const [section, heading] of this.#headings) this.#showHeadingSelection(section, heading);
  }

  #showHeadingSelection(section, heading) {
    if (!this.grid.isSelectable) return;
    const { first, end } = this.#layout.sections[section];
    const count = this.grid.selection.countWithin(first, end);
    const is = count === 0 ? "false" : count === end - first ? "true" : "mixed";
    heading.querySelector(".heading-check").setAttribute("aria-pressed", is);
  }

  /** The Tab key comes to the item the keyboard was at. @param {number} index */
  setActive(index) {
    this.tile(this.#active)?.setActive(false);
    this.#active = index;
    this.tile(index)?.setActive(true);
  }

  /** It comes to the first one looked at, where that item is not in the document. */
  #showActive({ top }) {
    if (this.isMoving) {
      this.isMoving = false;
      this.tile(this.grid.active)?.link.focus({ preventScroll: true });
    }
    const { rowFirst, rows, rowTop } = this.#layout;
    const row = this.#layout.rowAt(top);
    this.first = rowFirst[rowTop[row] < top && row + 1 < rows ? row + 1 : row];
    if (this.#active < 0 || !this.tile(this.#active)) this.setActive(this.first);
  }
}
