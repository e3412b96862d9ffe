/**
 * A grid of very many tiles, of which only those near the window are in the document.
 *
 * Everything has its place from the beginning (see `layout.js`), and keeps it: what is at the top
 * of the window stays there when the window changes its width, and when things come or go.
 */

import { announce, setAttribute } from "./dom.js";
import { followed, marksIn, prepared } from "./following.js";
import { monthWords, numberWords } from "./format.js";
import { GAP, HEADING, layOutKnown, NOTHING } from "./layout.js";
import { Lines } from "./lines.js";
import { Outlook } from "./outlook.js";
import { Pace } from "./pace.js";
import { Selection } from "./selection.js";
import { Moved } from "./timeline.js";

/** Milliseconds without scrolling after which one has come to rest. */
const REST = 110;

/**
 * Events: `open` (with `index` and `item`) when a thing should be shown, whose link is followed
 * unless that is prevented; `selectionchange` (with `count`); `layout` when places have changed;
 * `view` (with `top`) when others are looked at; `items` when some have come; `problem` (with `error`) when the
 * server could not be asked.
 */
export class Grid extends EventTarget {
  #layout = NOTHING;
  #width = 0;
  #active = 0;
  #frame = 0;
  #rest = 0;
  #pace = new Pace();
  #isFast = false;
  #isStale = false;
  #isRenewing = false;
  #stay = null;
  #goal = null;
  #heard = new AbortController();

  /**
   * @param {HTMLElement} element  Becomes the grid.
   * @param {import("./timeline.js").Timeline} source
   * @param {object} options
   * @param {string} options.label
   * @param {boolean} [options.isSelectable]
   * @param {import("./place.js").Place|null} [options.place]  Where to begin, once all is known.
   */
  constructor(element, source, { label, isSelectable = true, place = null }) {
    super();
    this.element = element;
    this.isSelectable = isSelectable;
    this.selection = new Selection();
    element.classList.add("grid");
    element.setAttribute("role", "grid");
    element.setAttribute("aria-label", label);
    if (isSelectable) element.setAttribute("aria-multiselectable", "true");
    this.outlook = new Outlook(element);
    this.lines = new Lines(element, this);
    this.#goal = place;
    this.#listen();
    this.#take(source);
  }

  get layout() {
    return this.#layout;
  }

  /** The item the keyboard is at. */
  get active() {
    return this.#active;
  }

  get total() {
    return this.#layout.count;
  }

  #listen() {
    const options = { signal: this.#heard.signal, passive: true };
    addEventListener("scroll", () => this.#scrolled(), options);
    addEventListener("resize", () => this.#resized(), options);
    addEventListener("online", () => this.render(), options); // what was missed is asked for
    addEventListener("holdfast:changed", () => this.renew(), options);
    this.observer = new ResizeObserver(() => this.#resized());
    this.observer.observe(this.element);
    this.selection.addEventListener("selectionchange", () => this.#selected());
    this.element.addEventListener("focusin", (event) => {
      const tile = event.target.closest(".tile")?.tile;
      if (tile) this.#setActive(tile.index);
    });
  }

  /** Lets go of the window. */
  close() {
    this.#heard.abort();
    this.observer.disconnect();
    this.source.want(0, 0);
    clearTimeout(this.#rest);
    cancelAnimationFrame(this.#frame);
  }

  /** Shows the answer to another question, from its beginning. */
  show(source) {
    this.source.want(0, 0);
    this.#active = 0;
    this.#take(source);
    scrollTo(0, 0);
  }

  /** Shows another source, and nothing selected in it. */
  #take(source, marks = null) {
    this.source = source;
    this.#stay = null;
    source.addEventListener("ready", () => {
      if (this.source !== source) return;
      this.#keepSelection();
      this.#lay();
    });
    source.addEventListener("items", (event) => {
      if (this.source !== source) return;
      this.lines.refill(event.from, event.end, !this.#isFast);
      this.#tell("items");
    });
    source.addEventListener("problem", ({ error }) => {
      if (this.source === source) this.#tell("problem", { error });
    });
    if (marks) this.selection.replace(marks);
    else this.selection.reset(source.total);
    this.#lay();
  }

  #keepSelection() {
    const { selection, source } = this;
    const marks = new Uint8Array(source.total);
    marks.set(selection.marks.subarray(0, marks.length));
    // Who selected all there was did not mean what was known of it.
    if (selection.count && selection.count === selection.marks.length) marks.fill(1);
    selection.replace(marks);
  }

  #tell(name, detail = {}) {
    return this.dispatchEvent(Object.assign(new Event(name, { cancelable: true }), detail));
  }

  // Places ---------------------------------------------------------------------------------------

  #lay() {
    this.#width = this.element.clientWidth;
    if (!this.#width) return; // not shown yet
    const { isOpen } = this.source;
    setAttribute(this.element, "aria-busy", isOpen ? "true" : null);
    if (isOpen && this.#goal) return; // the beginning is not what was left
    const layout = layOutKnown(this.source, this.#width);
    this.#layout = layout;
    this.#active = Math.min(this.#active, Math.max(0, layout.count - 1));
    this.element.style.height = `${layout.height}px`;
    this.element.setAttribute("aria-rowcount", String(layout.rows + layout.sections.length));
    this.outlook.measure();
    this.lines.reset(layout);
    this.#tell("layout");
    const goal = this.#goal;
    this.#goal = null;
    if (goal) this.restore(goal);
    else this.render();
  }

  #resized() {
    if (this.element.clientWidth === this.#width) {
      this.outlook.measure();
      this.#renderSoon();
      return;
    }
    const place = this.place();
    this.#lay();
    this.restore(place);
  }

  /** Where one is: an item at the top of the window, and how far above its row. */
  place() {
    // Who has not moved since is where they were, whatever has moved around them.
    if (this.#stay?.at === scrollY) return this.#stay.place;
    const { rows, rowTop, rowFirst, rowHeight } = this.#layout;
    const { top } = this.outlook;
    if (!rows || top <= 0) return { index: 0, offset: Math.min(0, top), part: 0 };
    const row = this.#layout.rowAt(top);
    const below = top - rowTop[row];
    const part = Math.min(1, below / rowHeight[row]);
    return { index: rowFirst[row], part, offset: below - part * rowHeight[row] };
  }

  /**
   * Goes where one was.
   * @param {import("./place.js").Place} place
   */
  restore(place) {
    const { index, part, offset } = place;
    const { rows, rowTop, rowHeight } = this.#layout;
    if (!rows || (index === 0 && part === 0)) {
      this.render();
      return;
    }
    const row = this.#layout.rowOf(Math.min(index, this.total - 1));
    this.#scrollTo(rowTop[row] + part * rowHeight[row] + offset);
    this.#stay = { at: scrollY, place };
  }

  /** Puts what is at `top` of the grid at the top of the window. */
  #scrollTo(top) {
    this.outlook.slide(top);
    this.render();
  }

  /**
   * Goes to an item: to the top of the window, under its heading if it is the first there.
   * @param {number} index
   */
  jump(index) {
    if (!this.total) return;
    const at = Math.min(Math.max(0, index), this.total - 1);
    const section = this.#layout.sections[this.#layout.sectionOf(at)];
    const row = this.#layout.rowOf(at);
    this.#scrollTo(row === section.row ? section.top : this.#layout.rowTop[row] - GAP);
  }

  /**
   * Goes just so far that all of an item is to be seen.
   * @param {number} index
   */
  reveal(index) {
    const { top, height } = this.#layout.box(index);
    const { top: from, tall } = this.outlook;
    const margin = 16;
    const above = this.#isFirstRow(index) ? top - HEADING : top - margin;
    const below = top + height + margin - tall;
    if (top - margin < from) this.#scrollTo(above);
    else if (below > from) this.#scrollTo(below);
  }

  #isFirstRow(index) {
    const { sections } = this.#layout;
    return sections[this.#layout.sectionOf(index)].row === this.#layout.rowOf(index);
  }

  // Looking --------------------------------------------------------------------------------------

  #scrolled() {
    this.#isFast = this.#pace.isFast();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.render(), REST);
    this.#renderSoon();
  }

  #renderSoon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** Shows what is at the window now, at once. */
  render() {
    this.#isFast = false;
    this.#draw();
  }

  #draw() {
    if (this.#layout === NOTHING) return;
    const { top, tall } = this.outlook;
    const span = { top: top - tall, bottom: top + 2 * tall };
    const [from, end] = this.lines.show(span, this.#focused(), { top, bottom: top + tall });
    if (!this.#isFast) {
      this.lines.showPictures(top + tall / 2);
      this.source.want(from, end);
    }
    this.#tell("view", { top });
  }

  /** The item that has the keyboard, whose tile must not go; or -1. */
  #focused() {
    const isHere = this.lines.isMoving || this.element.contains(document.activeElement);
    return isHere ? this.#active : -1;
  }

  // The keyboard's place -------------------------------------------------------------------------

  #setActive(index) {
    this.#active = index;
    this.lines.setActive(index);
  }

  /**
   * Gives the keyboard to an item.
   * @param {number} index
   */
  focus(index) {
    if (!this.total) return;
    const at = Math.min(Math.max(0, index), this.total - 1);
    this.#setActive(at);
    this.reveal(at);
    this.render();
    this.lines.tile(at)?.link.focus({ preventScroll: true });
    this.lines.setActive(at);
  }

  /** Gives it to the first one that is looked at. */
  enter() {
    this.focus(this.lines.first);
  }

  /**
   * Offers a thing to whoever shows things over the grid; whether someone does.
   * @param {number} index
   */
  offer(index) {
    const item = this.source.item(index);
    return item !== null && !this.#tell("open", { index, item });
  }

  // What is selected -----------------------------------------------------------------------------

  #selected() {
    this.lines.showSelection();
    this.element.classList.toggle("is-selecting", this.selection.count > 0);
    this.#tell("selectionchange", { count: this.selection.count });
  }

  /** Says how many are selected, to who cannot see it. */
  announceSelection() {
    const { count } = this.selection;
    announce(count ? `${numberWords(count)} selected` : "Nothing selected");
  }

  /**
   * The selected items, in order; asked for where nobody has looked at them yet.
   * @param {(done: number) => void} [tell]  How many are found so far.
   * @returns {Promise<import("./page.js").Item[]>}
   * @throws {Moved} if things have changed so that it is not known what was meant.
   */
  async selectedItems(tell) {
    const marks = this.selection.marks.slice();
    try {
      return await this.source.all((index) => marks.indexOf(1, index), tell);
    } catch (error) {
      if (error instanceof Moved) this.renew();
      throw error;
    }
  }

  // What changes ---------------------------------------------------------------------------------

  /** Asks again what there is, and shows that; one stays at the item that is at the top. */
  async renew() {
    this.#isStale = true;
    if (this.#isRenewing) return; // it is seen to that what came meanwhile is asked for too
    this.#isRenewing = true;
    while (this.#isStale) {
      this.#isStale = false;
      await this.#renew();
    }
    this.#isRenewing = false;
  }

  async #renew() {
    const { source } = this;
    try {
      const next = await source.renewed();
      if (!next) return;
      const focused = this.#focused() < 0 ? -1 : await followed(this, next, this.#active);
      const marks = await marksIn(this, next);
      const at = await prepared(this, next);
      if (this.source !== source) return; // something else is looked at by now
      const place = this.place();
      source.want(0, 0);
      if (focused >= 0) this.#active = focused;
      this.#take(next, marks);
      // Who is at the very top wants to see what is new.
      if (place.index || place.part) this.restore({ ...place, index: at });
    } catch (error) {
      this.#tell("problem", { error });
    }
  }

  /** The words of a section's heading. @param {number} section */
  headingWords(section) {
    return monthWords(this.#layout.sections[section].label);
  }
}
