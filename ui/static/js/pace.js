/** How fast one scrolls: who is fast does not look at what passes. */

/** Windows' heights per second. */
const FAST = 4;

/** A step of less than this part of a window is seen, however soon it follows. */
const LEAST = 1 / 8;

export class Pace {
  #time = 0;
  #top = 0;

  /** To be asked at each scroll: whether it is a fast one. */
  isFast() {
    const now = performance.now();
    const moved = Math.abs(scrollY - this.#top) / innerHeight;
    const seconds = Math.max(8, now - this.#time) / 1000;
    this.#time = now;
    this.#top = scrollY;
    return moved > LEAST && moved / seconds > FAST;
  }
}
