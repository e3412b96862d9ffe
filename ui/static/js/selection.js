/** Which items are selected: by position, so that those count whom nobody has looked at yet. */

/**
 * A set of positions. Event: `selectionchange`, once after whatever changed at one go.
 *
 * A mark is a byte: a hundred thousand of them are filled, copied and counted in no time.
 */
export class Selection extends EventTarget {
  constructor() {
    super();
    this.marks = new Uint8Array(0);
    this.count = 0;
    /** Where a range begins that is yet to be ended, or -1. */
    this.anchor = -1;
    this.isTold = true;
  }

  /** Begins anew with nothing selected among `total` items. @param {number} total */
  reset(total) {
    this.replace(new Uint8Array(total));
    this.anchor = -1;
  }

  /** Takes over marks, and the array they are in. @param {Uint8Array} marks */
  replace(marks) {
    const had = this.count;
    this.marks = marks;
    this.count = marks.reduce((sum, mark) => sum + mark, 0);
    if (had || this.count) this.changed();
  }

  /** @param {number} index */
  has(index) {
    return this.marks[index] === 1;
  }

  /**
   * @param {number} from
   * @param {number} end  The first that is not meant.
   * @param {boolean} [on]
   */
  setRange(from, end, on = true) {
    const mark = on ? 1 : 0;
    let difference = 0;
    const last = Math.min(end, this.marks.length);
    for (let index = Math.max(0, from); index < last; index += 1) {
      difference += mark - this.marks[index];
      this.marks[index] = mark;
    }
    this.count += difference;
    if (difference) this.changed();
  }

  /** Selects one, or no longer; ranges begin there. @param {number} index */
  toggle(index) {
    this.setRange(index, index + 1, !this.has(index));
    this.anchor = index;
  }

  /**
   * Selects all from the anchor to `index`, whichever comes first.
   * @param {number} index
   */
  extendTo(index) {
    const anchor = this.anchor < 0 ? index : this.anchor;
    this.setRange(Math.min(anchor, index), Math.max(anchor, index) + 1);
    this.anchor = anchor;
  }

  selectAll() {
    this.setRange(0, this.marks.length);
  }

  clear() {
    this.setRange(0, this.marks.length, false);
    this.anchor = -1;
  }

  /** How many are selected of those from `from` to before `end`. */
  countWithin(from, end) {
    let count = 0;
    for (let index = from; index < end; index += 1) count += this.marks[index];
    return count;
  }

  /** The first selected one from `index` on, or -1. @param {number} index */
  next(index) {
    return this.marks.indexOf(1, index);
  }

  changed() {
    if (!this.isTold) return;
    this.isTold = false;
    queueMicrotask(() => {
      this.isTold = true;
      this.dispatchEvent(new Event("selectionchange"));
    });
  }
}
