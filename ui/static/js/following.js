/** Where things are to be found when they have changed: from one state of a grid to the next. */

import { announce } from "./dom.js";
import { numberWords } from "./format.js";

/** How often it is tried to keep up with who scrolls meanwhile. */
const MOST_TRIES = 5;

/**
 * Where the item at `index` is in another source, or what is in its place.
 * @param {import("./grid.js").Grid} grid
 * @param {import("./timeline.js").Timeline} next
 * @param {number} index
 */
export async function followed({ source, layout }, next, index) {
  const item = source.item(index);
  const found = item ? await next.locate(item) : -1;
  if (found >= 0) return found;
  const section = layout.sections[layout.sectionOf(index)];
  const month = next.months.find(([label]) => label === section?.label);
  const before = section?.first ?? 0;
  const first = month?.[1] ?? before;
  return Math.max(0, Math.min(first + index - before, next.total - 1));
}

/**
 * Where one will be in another source, with what will be seen there at hand.
 * @param {import("./grid.js").Grid} grid
 * @param {import("./timeline.js").Timeline} next
 */
export async function prepared(grid, next) {
  let at = 0;
  for (let tries = 0; next.total && tries < MOST_TRIES; tries += 1) {
    const { index } = grid.place();
    at = await followed(grid, next, index);
    const { seen } = grid.lines;
    const edges = [at - seen, at, at + seen];
    await Promise.all(
      edges.map((edge) => next.fetched(Math.min(Math.max(0, edge), next.total - 1))),
    );
    if (grid.place().index === index) break;
  }
  return at;
}

/**
 * What is selected, as positions in another source. What cannot be told there is given up: better
 * so than to have something else selected.
 * @param {import("./grid.js").Grid} grid
 * @param {import("./timeline.js").Timeline} next
 */
export async function marksIn({ selection, source }, next) {
  const marks = new Uint8Array(next.total);
  if (!selection.count) return marks;
  if (isSameOrder(source, next)) {
    marks.set(selection.marks);
    return marks;
  }
  let kept = 0;
  for (let index = selection.next(0); index >= 0; index = selection.next(index + 1)) {
    const item = source.item(index);
    const found = item ? await next.locate(item) : -1;
    if (found < 0) continue;
    marks[found] = 1;
    kept += 1;
  }
  const lost = selection.count - kept;
  if (lost) announce(`Things have changed: ${numberWords(lost)} are no longer selected.`);
  return marks;
}

/** Whether two sources have the same items, as far as can be told without asking for them. */
function isSameOrder(one, other) {
  return (
    one.total === other.total &&
    one.tokens.join() === other.tokens.join() &&
    one.shapes.every((shape, index) => shape === other.shapes[index])
  );
}
