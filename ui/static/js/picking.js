/**
 * Clicks, drags and touches on a grid: opening, selecting one, a range, what is in a rectangle, or
 * what a finger passes over.
 */

import { el } from "./dom.js";

/** Pixels a pointer may shake without being a drag. */
const SHAKE = 6;

/** Milliseconds a finger rests before it selects. */
const LONG = 420;

/** Within this many pixels of the window's edge, a drag scrolls. */
const EDGE = 70;
const FASTEST = 22;

/**
 * Makes a grid's tiles open and select.
 * @param {import("./grid.js").Grid} grid
 */
export function pick(grid) {
  const picking = new Picking(grid);
  grid.element.addEventListener("click", (event) => picking.click(event));
  if (!grid.isSelectable) return;
  grid.element.addEventListener("pointerdown", (event) => picking.pointerDown(event));
  grid.element.addEventListener("touchstart", (event) => picking.touchStart(event), {
    passive: true,
  });
  grid.element.addEventListener("touchmove", (event) => picking.touchMove(event), {
    passive: false, // or the page would scroll under a finger that selects
  });
  for (const name of ["touchend", "touchcancel"]) {
    grid.element.addEventListener(name, () => picking.touchEnd());
  }
  grid.element.addEventListener("contextmenu", (event) => {
    if (picking.isTouched) event.preventDefault();
  });
  grid.element.addEventListener("dragstart", (event) => event.preventDefault());
}

class Picking {
  #drag = null;
  #timer = 0;
  #touched = null;
  #isPassed = false;

  /** @param {import("./grid.js").Grid} grid */
  constructor(grid) {
    this.grid = grid;
    this.selection = grid.selection;
  }

  get isTouched() {
    return this.#touched !== null;
  }

  /** @param {PointerEvent} event */
  click(event) {
    const tile = event.target.closest(".tile")?.tile;
    if (this.#isPassed) {
      event.preventDefault(); // the end of a drag is no click
      return;
    }
    if (!tile || tile.index < 0) return;
    const isByKey = event.detail === 0 && !event.target.closest(".tile-check");
    if (this.grid.isSelectable && !isByKey && this.#selects(event, tile.index)) {
      event.preventDefault();
      this.grid.announceSelection();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab or window
    if (this.grid.offer(tile.index)) event.preventDefault();
  }

  #selects(event, index) {
    const isMark = event.target.closest(".tile-check") !== null;
    if (isMark) this.grid.lines.tile(index).link.focus({ preventScroll: true, focusVisible: false });
    if (event.shiftKey) this.selection.extendTo(index);
    else if (isMark) this.selection.toggle(index);
    else if (this.selection.count && !event.ctrlKey && !event.metaKey) this.selection.toggle(index);
    else return false;
    return true;
  }

  // A rectangle by mouse -------------------------------------------------------------------------

  /** @param {PointerEvent} event */
  pointerDown(event) {
    if (event.button !== 0 || event.pointerType !== "mouse" || this.#drag) return;
    if (event.target.closest("button")) return;
    const heard = new AbortController();
    const { signal } = heard;
    const base =
      event.shiftKey || event.ctrlKey || event.metaKey || this.selection.count
        ? this.selection.marks.slice()
        : new Uint8Array(this.selection.marks.length);
    this.#drag = { heard, base, start: this.grid.outlook.point(event), last: event, box: null };
    addEventListener("pointermove", (moved) => this.#move(moved), { signal });
    addEventListener("pointerup", () => this.#end(), { signal });
    addEventListener("pointercancel", () => this.#end(), { signal });
    addEventListener("scroll", () => this.#stretch(), { signal });
    addEventListener(
      "keydown",
      (pressed) => {
        if (pressed.key !== "Escape" || !this.#drag.box) return;
        pressed.preventDefault();
        pressed.stopPropagation();
        this.selection.replace(this.#drag.base);
        this.#end();
      },
      { signal, capture: true },
    );
  }

  #move(event) {
    const drag = this.#drag;
    drag.last = event;
    if (!drag.box) {
      const { x, y } = this.grid.outlook.point(event);
      if (Math.hypot(x - drag.start.x, y - drag.start.y) < SHAKE) return;
      drag.box = el("div", { class: "grid-rubber", "aria-hidden": "true" });
      this.grid.element.append(drag.box);
      drag.stop = scrollAtEdges(() => drag.last.clientY);
    }
    this.#stretch();
  }

  #stretch() {
    const { start, last, box, base } = this.#drag;
    if (!box) return;
    const { x, y } = this.grid.outlook.point(last);
    const rectangle = {
      left: Math.min(x, start.x),
      top: Math.min(y, start.y),
      right: Math.max(x, start.x),
      bottom: Math.max(y, start.y),
    };
    box.style.insetInlineStart = `${rectangle.left}px`;
    box.style.insetBlockStart = `${rectangle.top}px`;
    box.style.width = `${rectangle.right - rectangle.left}px`;
    box.style.height = `${rectangle.bottom - rectangle.top}px`;
    const marks = base.slice();
    this.grid.layout.within(rectangle, (from, end) => marks.fill(1, from, end));
    this.selection.replace(marks);
  }

  #end() {
    const { heard, box, stop } = this.#drag;
    heard.abort();
    this.#drag = null;
    if (!box) return;
    box.remove();
    stop();
    this.#passOver();
    this.grid.announceSelection();
  }

  /** The click that follows, if any does, is not meant. */
  #passOver() {
    this.#isPassed = true;
    setTimeout(() => {
      this.#isPassed = false;
    });
  }

  // Fingers --------------------------------------------------------------------------------------

  /** @param {TouchEvent} event */
  touchStart(event) {
    this.touchEnd();
    const index = event.target.closest(".tile")?.tile.index ?? -1;
    if (index < 0 || event.touches.length > 1) return;
    const [{ clientX, clientY }] = event.touches;
    this.#touched = { index, clientX, clientY, base: null };
    this.#timer = setTimeout(() => this.#hold(), LONG);
  }

  #hold() {
    const touched = this.#touched;
    touched.base = this.selection.marks.slice();
    touched.on = this.selection.has(touched.index) ? 0 : 1;
    touched.stop = scrollAtEdges(
      () => touched.clientY,
      () => this.#pass(),
    );
    navigator.vibrate?.(12);
    this.#pass();
    this.selection.anchor = touched.index;
  }

  /** @param {TouchEvent} event */
  touchMove(event) {
    const touched = this.#touched;
    if (!touched) return;
    const [{ clientX, clientY }] = event.touches;
    if (!touched.base) {
      if (Math.hypot(clientX - touched.clientX, clientY - touched.clientY) > SHAKE * 1.5) {
        this.touchEnd();
      }
      return;
    }
    event.preventDefault();
    Object.assign(touched, { clientX, clientY });
    this.#pass();
  }

  #pass() {
    const { index, base, on } = this.#touched;
    const { x, y } = this.grid.outlook.point(this.#touched);
    const there = this.grid.layout.nearest(x, y);
    const marks = base.slice();
    marks.fill(on, Math.min(index, there), Math.max(index, there) + 1);
    this.selection.replace(marks);
  }

  touchEnd() {
    clearTimeout(this.#timer);
    const touched = this.#touched;
    this.#touched = null;
    if (!touched?.base) return;
    touched.stop();
    // The click comes after this, and not at once.
    this.#isPassed = true;
    setTimeout(() => {
      this.#isPassed = false;
    }, 350);
    this.grid.announceSelection();
  }
}

/**
 * Scrolls while a pointer is near the upper or lower edge; the returned function ends it.
 * @param {() => number} y  Where the pointer is in the window.
 * @param {() => void} [scrolled]
 */
function scrollAtEdges(y, scrolled = () => {}) {
  let frame = 0;
  const step = () => {
    const at = y();
    const above = EDGE + 40 - at;
    const below = at - (innerHeight - EDGE);
    const deep = Math.max(above, below);
    if (deep > 0) {
      const by = Math.ceil(Math.min(1, deep / EDGE) * FASTEST);
      scrollBy({ top: above > 0 ? -by : by, behavior: "instant" });
      scrolled();
    }
    frame = requestAnimationFrame(step);
  };
  frame = requestAnimationFrame(step);
  return () => cancelAnimationFrame(frame);
}
