/** What of a grid is to be seen in the window: how far down it is, and how much. */

/** Positions are pixels from the beginning of the grid. */
export class Outlook {
  #begin = 0;
  #header = 0;

  /** @param {HTMLElement} element  The grid. */
  constructor(element) {
    this.element = element;
  }

  /** Looks where the grid is in the page; to be called when that may have changed. */
  measure() {
    this.#begin = this.element.getBoundingClientRect().top + scrollY;
    this.#header = document.querySelector("header.top")?.offsetHeight ?? 0;
  }

  /** What is at the top of the window, below the page's header. */
  get top() {
    return scrollY + this.#header - this.#begin;
  }

  /** How much is to be seen at a time. */
  get tall() {
    return Math.max(1, innerHeight - this.#header);
  }

  /** Puts something at the top of the window. @param {number} top */
  slide(top) {
    const goal = Math.max(0, this.#begin + top - this.#header);
    scrollTo({ top: goal, behavior: "instant" });
  }

  /** A point of the window as one of the grid. @param {{clientX: number, clientY: number}} at */
  point({ clientX, clientY }) {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }
}
