/** Where one was in a grid: kept with the page's entry in the history, for when one comes back. */

/**
 * @typedef {object} Place
 * @property {number} index  The item at the top of the window.
 * @property {number} part  How much of its row is above, from 0 to 1.
 * @property {number} offset  Pixels besides.
 */

/** Milliseconds without scrolling after which it is written down; browsers limit how often. */
const PAUSE = 250;

/**
 * Where one was when one left this entry of the history, if one was here before.
 * @returns {Place|null}
 */
export function placeBefore() {
  history.scrollRestoration = "manual"; // the browser would do it before there is anything
  const { index, part, offset } = history.state?.grid ?? {};
  return [index, part, offset].every(Number.isFinite) ? { index, part, offset } : null;
}

/**
 * Writes down where one is in a grid, from now on.
 * @param {import("./grid.js").Grid} grid
 */
export function keepPlace(grid) {
  let timer = 0;
  const keep = () => {
    clearTimeout(timer);
    timer = 0;
    history.replaceState({ ...history.state, grid: grid.place() }, "");
  };
  addEventListener(
    "scroll",
    () => {
      clearTimeout(timer);
      timer = setTimeout(keep, PAUSE);
    },
    { passive: true },
  );
  addEventListener("pagehide", () => {
    if (timer) keep();
  });
}
