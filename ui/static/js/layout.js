/**
 * Where each of very many pictures stands: rows of one height that fill the width. Numbers only.
 *
 * All of it is known before any picture is: shapes come as one byte each. So the page has its final
 * height at once, and nothing ever jumps.
 */

/** Shapes beyond these are cropped: a tile must be seen, and hit with a finger. */
const NARROWEST = 0.45;
const WIDEST = 4;

/** A last row that need not grow more than this to be full is made full. */
const NEARLY = 1.2;

/** Pixels between tiles, and of a heading. */
export const GAP = 4;
export const HEADING = 60;

const SHAPES = Float32Array.from({ length: 256 }, (_, byte) =>
  Math.min(WIDEST, Math.max(NARROWEST, 2 ** ((byte - 128) / 32))),
);

/**
 * The byte that stands for a shape, as the server's timeline has it: `2**((byte-128)/32)`.
 * @param {number} width  0 if unknown.
 * @param {number} height
 */
export function shapeByte(width, height) {
  if (!(width > 0 && height > 0)) return 128;
  return Math.min(255, Math.max(0, Math.round(128 + 32 * Math.log2(width / height))));
}

/**
 * How high rows should be on a page that is `width` pixels wide.
 * @param {number} width
 */
export function rowHeightFor(width) {
  if (width < 520) return 110;
  if (width < 900) return 160;
  return width < 1800 ? 200 : 230;
}

/**
 * @typedef {object} Section  What stands under one heading.
 * @property {string} label  As it was given, for example "2024-07".
 * @property {number} first  The first item in it.
 * @property {number} end  The first item after it.
 * @property {number} top  Where its heading begins.
 * @property {number} row  Its first row.
 */

/** Items in rows. Made by `layOut`; never changes. Positions are whole pixels from the top left. */
export class Layout {
  constructor(parts) {
    /** How many items. @type {number} */
    this.count = parts.count;
    /** @type {number} */
    this.width = parts.width;
    /** @type {number} */
    this.height = parts.height;
    /** How many rows. @type {number} */
    this.rows = parts.rows;
    /** @type {Int32Array} */
    this.rowTop = parts.rowTop;
    /** @type {Uint16Array} */
    this.rowHeight = parts.rowHeight;
    /** The first item of each row, and `count` at the end. @type {Uint32Array} */
    this.rowFirst = parts.rowFirst;
    /** @type {Uint16Array} */
    this.left = parts.left;
    /** @type {Uint16Array} */
    this.across = parts.across;
    /** @type {ReadonlyArray<Section>} */
    this.sections = parts.sections;
    Object.freeze(this);
  }

  /** The row at height `y`, or the nearest above it. @param {number} y */
  rowAt(y) {
    return lastAtMost(this.rowTop, this.rows, y);
  }

  /** The row of an item. @param {number} index */
  rowOf(index) {
    return lastAtMost(this.rowFirst, this.rows, index);
  }

  /** @param {number} index */
  box(index) {
    const row = this.rowOf(index);
    return {
      left: this.left[index],
      top: this.rowTop[row],
      width: this.across[index],
      height: this.rowHeight[row],
    };
  }

  /** Which section an item is in. @param {number} index */
  sectionOf(index) {
    return Math.max(0, lastWhere(this.sections, (section) => section.first <= index));
  }

  /** Which section is at height `y`. @param {number} y */
  sectionAt(y) {
    return Math.max(0, lastWhere(this.sections, (section) => section.top <= y));
  }

  /**
   * The item of a row that is nearest to `x`.
   * @param {number} row
   * @param {number} x
   */
  nearestIn(row, x) {
    const first = this.rowFirst[row];
    let nearest = first;
    let least = Infinity;
    for (let index = first; index < this.rowFirst[row + 1]; index += 1) {
      const away = Math.max(this.left[index] - x, x - this.left[index] - this.across[index], 0);
      if (away < least) [nearest, least] = [index, away];
    }
    return nearest;
  }

  /**
   * The item nearest to a point, or -1 where there is none at all.
   * @param {number} x
   * @param {number} y
   */
  nearest(x, y) {
    return this.rows ? this.nearestIn(this.rowAt(y), x) : -1;
  }

  /**
   * Calls `each(from, end)` for the items of each row that a rectangle touches.
   * @param {{left: number, top: number, right: number, bottom: number}} rectangle
   * @param {(from: number, end: number) => void} each
   */
  within({ left, top, right, bottom }, each) {
    if (!this.rows) return;
    for (let row = this.rowAt(top); row < this.rows && this.rowTop[row] < bottom; row += 1) {
      if (this.rowTop[row] + this.rowHeight[row] <= top) continue;
      const last = this.rowFirst[row + 1];
      let from = this.rowFirst[row];
      while (from < last && this.left[from] + this.across[from] <= left) from += 1;
      let end = from;
      while (end < last && this.left[end] < right) end += 1;
      if (end > from) each(from, end);
    }
  }
}

/** The last of the first `count` sorted numbers that is at most `value`; 0 if none is. */
function lastAtMost(numbers, count, value) {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (numbers[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lastWhere(list, holds) {
  let low = -1;
  let high = list.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (holds(list[middle])) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Lays out items in justified rows.
 *
 * A row is as high as `rowHeight`, or as little away from it as filling the width allows. The last
 * row of a section keeps `rowHeight` and leaves room at its end, if it is not nearly full. Headings
 * break rows.
 *
 * @param {object} given
 * @param {Uint8Array} given.shapes  One byte for each item, see `shapeByte`.
 * @param {ReadonlyArray<[string, number]>} given.months  Labels of sections, and the first item of
 *     each. Items before the first, and all if there is none, have no heading.
 * @param {number} given.width
 * @param {number} given.rowHeight
 * @param {number} given.gap  Between tiles.
 * @param {number} given.heading  How high a heading is.
 * @returns {Layout}
 */
export function layOut({ shapes, months, width, rowHeight, gap, heading }) {
  const count = shapes.length;
  const rows = new Rows(shapes, Math.max(1, Math.floor(width)), gap);
  const sections = [];
  let top = 0;
  for (const [label, first, end] of spans(months, count)) {
    sections.push(Object.freeze({ label, first, end, top, row: rows.count }));
    if (label !== null) top += heading;
    top = rows.fill(first, end, top, rowHeight);
  }
  return new Layout({
    count,
    width: rows.width,
    height: Math.max(0, top - gap),
    rows: rows.count,
    rowTop: rows.top.slice(0, rows.count),
    rowHeight: rows.height.slice(0, rows.count),
    rowFirst: rows.first.slice(0, rows.count + 1),
    left: rows.left,
    across: rows.across,
    sections: Object.freeze(sections),
  });
}

/**
 * Lays out what is known of a timeline. Where more follows, the last row is left out: it is not full
 * yet, and will be another one.
 * @param {{shapes: Uint8Array, months: ReadonlyArray<[string, number]>, isOpen: boolean}} known
 * @param {number} width
 * @returns {Layout}
 */
export function layOutKnown({ shapes, months, isOpen }, width) {
  const given = { months, width, rowHeight: rowHeightFor(width), gap: GAP, heading: HEADING };
  const layout = layOut({ ...given, shapes });
  if (!isOpen || layout.rows <= 1) return layout;
  return layOut({ ...given, shapes: shapes.subarray(0, layout.rowFirst[layout.rows - 1]) });
}

/** Labels with their first item and the first after it; what cannot be is left out. */
function* spans(months, count) {
  const sane = months.filter(([, first]) => first >= 0 && first < count);
  if (count && (!sane.length || sane[0][1] > 0)) {
    yield [null, 0, sane.length ? sane[0][1] : count];
  }
  for (const [at, [label, first]] of sane.entries()) {
    const end = at + 1 < sane.length ? sane[at + 1][1] : count;
    if (end > first) yield [label, first, end];
  }
}

/** Rows as they come to be. */
class Rows {
  constructor(shapes, width, gap) {
    this.shapes = shapes;
    this.width = width;
    this.gap = gap;
    this.count = 0;
    this.top = new Int32Array(shapes.length);
    this.height = new Uint16Array(shapes.length);
    this.first = new Uint32Array(shapes.length + 1);
    this.left = new Uint16Array(shapes.length);
    this.across = new Uint16Array(shapes.length);
  }

  /** Places items from `first` to before `end` from `top` on; where the next thing may begin. */
  fill(first, end, top, wanted) {
    const { shapes, width, gap } = this;
    let from = first;
    let sum = 0;
    let index = first;
    while (index < end) {
      const shape = SHAPES[shapes[index]];
      const high = (width - gap * (index - from)) / (sum + shape);
      if (high > wanted) {
        sum += shape;
        index += 1;
        continue;
      }
      // Too low with this one, too high without it: what is nearer, as proportions go.
      const without = index > from ? (width - gap * (index - from - 1)) / sum : Infinity;
      const last = without * high < wanted * wanted ? index : index + 1;
      top = this.close(from, last, top, last === index ? without : high);
      from = index = last;
      sum = 0;
    }
    if (from === end) return top;
    const filling = (width - gap * (end - from - 1)) / sum;
    return this.close(from, end, top, filling < wanted * NEARLY ? filling : wanted);
  }

  close(from, end, top, high) {
    const tall = Math.max(1, Math.round(high));
    this.top[this.count] = top;
    this.height[this.count] = tall;
    this.first[this.count] = from;
    this.count += 1;
    this.first[this.count] = end;
    // Edges are rounded, not widths: so errors do not add up, and the last edge is the page's.
    let edge = 0;
    for (let index = from; index < end; index += 1) {
      const next = edge + SHAPES[this.shapes[index]] * high;
      const left = Math.round(edge);
      this.left[index] = left + this.gap * (index - from);
      this.across[index] = Math.max(1, Math.round(next) - left);
      edge = next;
    }
    return top + tall + this.gap;
  }
}

/** Of nothing at all. */
export const NOTHING = layOutKnown({ shapes: new Uint8Array(), months: [], isOpen: false }, 1);
