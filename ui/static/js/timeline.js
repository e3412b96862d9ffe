/**
 * What a grid shows: the shapes of all items at once, the items themselves as they are looked at.
 *
 * Memory is bounded: of 100,000 items a byte each is kept, and those of the latest few chunks.
 */

import { getJson } from "./http.js";
import { page } from "./page.js";
import { shapeByte } from "./layout.js";

const CHUNK = 200;
const MOST_CHUNKS = 30;
const MOST_IN_FLIGHT = 4;
const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

/** What was looked at is no longer what is there: a question about positions has no answer. */
export class Moved extends Error {
  constructor() {
    super("Something changed meanwhile. Look again, please.");
    this.name = "Moved";
  }
}

/**
 * All that a search finds, or all that is in a set or folder, in the server's order.
 *
 * One of these is a state of things that stays: `renewed` gives the next. Events: `items` when
 * some have come, `ready` when all shapes are known, `problem` (with `error`) when the server
 * could not be asked; it is asked again.
 */
export class Timeline extends EventTarget {
  /** @type {Map<number, AbortController>} */
  #inFlight = new Map();
  /** @type {number[]} */
  #wanted = [];
  #retry = FIRST_RETRY;

  /**
   * @param {object} [asked]
   * @param {string} [asked.query]  A search expression.
   * @param {string} [asked.within]  The ref of a set or folder.
   * @param {{items: import("./page.js").Item[], next: string|null}|null} [asked.first]  What the
   *     page came with: the beginning of it.
   * @param {{items: string, timeline: string}} [asked.urls]
   */
  constructor({ query = "", within = "", first = null, urls = page.urls } = {}) {
    super();
    this.query = query;
    this.within = within;
    this.urls = urls;
    this.stamp = "";
    /** Whether the timeline has all there is; a server may have a limit. */
    this.whole = true;
    /** Whether more follows, of which nothing is known yet. */
    this.isOpen = true;
    this.shapes = new Uint8Array(0);
    /** @type {Array<[string, number]>} */
    this.months = [];
    this.chunk = CHUNK;
    /** @type {string[]} */
    this.tokens = [];
    /** By number, the longest unused first. @type {Map<number, Array<any>>} */
    this.chunks = new Map();
    if (first) this.#begin(first);
  }

  /** How many items there are, as far as is known. */
  get total() {
    return this.shapes.length;
  }

  #begin({ items, next }) {
    this.shapes = Uint8Array.from(items, ({ width, height }) => shapeByte(width, height));
    this.months = monthsOf(items);
    this.chunks.set(0, items);
    this.isOpen = next !== null;
  }

  /**
   * Asks for the shapes of all items; `ready` follows. Nothing is asked if all is known already.
   * @param {{signal?: AbortSignal}} [options]
   */
  async load({ signal } = {}) {
    if (this.isOpen) {
      const said = await getJson(this.urls.timeline, this.#parameters(), { signal });
      this.shapes = bytes(said.ratios);
      this.months = said.months;
      this.chunk = said.chunk ?? CHUNK;
      this.tokens = said.tokens;
      this.stamp = said.stamp;
      this.whole = said.whole;
      this.isOpen = false;
    }
    this.dispatchEvent(new Event("ready"));
  }

  /** The same question asked again; null when the answer is as it was. */
  async renewed() {
    const next = new Timeline({ query: this.query, within: this.within, urls: this.urls });
    await next.load();
    return this.stamp && next.stamp === this.stamp ? null : next;
  }

  #parameters() {
    return { q: this.query, in: this.within };
  }

  /** The item, if it is here. @param {number} index */
  item(index) {
    return this.chunks.get(Math.floor(index / this.chunk))?.[index % this.chunk] ?? null;
  }

  /**
   * Says which items are looked at now: they are fetched, and what was asked for before and is not
   * among them is no longer.
   * @param {number} from
   * @param {number} end  The first that is not.
   */
  want(from, end) {
    const last = Math.min(end, this.total);
    const wanted = [];
    for (let at = Math.floor(Math.max(0, from) / this.chunk); at * this.chunk < last; at += 1) {
      wanted.push(at);
    }
    this.#wanted = wanted;
    for (const [at, control] of this.#inFlight) {
      if (!wanted.includes(at)) control.abort();
    }
    this.#pump();
  }

  #pump() {
    if (this.isOpen) return; // nobody knows yet where chunks begin
    for (const at of this.#wanted) {
      if (this.#inFlight.size >= MOST_IN_FLIGHT) return;
      if (this.#has(at)) this.#touch(at);
      else if (!this.#inFlight.has(at)) this.#fetchWanted(at);
    }
  }

  /** Whether all of a chunk is here: the page came with half of the first. */
  #has(at) {
    const items = this.chunks.get(at);
    const whole = Math.min(this.chunk, this.total - at * this.chunk);
    return items !== undefined && items.length >= whole;
  }

  #touch(at) {
    const items = this.chunks.get(at);
    this.chunks.delete(at);
    this.chunks.set(at, items);
  }

  async #fetchWanted(at) {
    const control = new AbortController();
    this.#inFlight.set(at, control);
    try {
      this.#keep(at, await this.#fetch(at, control.signal));
      this.#retry = FIRST_RETRY;
    } catch (error) {
      if (error.name !== "AbortError") this.#fail(error);
      return;
    } finally {
      this.#inFlight.delete(at);
    }
    this.#pump();
  }

  #fail(error) {
    this.dispatchEvent(Object.assign(new Event("problem"), { error }));
    if (error.status >= 400 && error.status < 500) return; // asking again would not help
    setTimeout(() => this.#pump(), this.#retry);
    this.#retry = Math.min(LAST_RETRY, this.#retry * 2);
  }

  async #fetch(at, signal) {
    const from = at === 0 ? null : this.tokens[at - 1];
    const asked = { ...this.#parameters(), limit: this.chunk, from };
    return (await getJson(this.urls.items, asked, { signal })).items;
  }

  #keep(at, items) {
    this.chunks.delete(at);
    this.chunks.set(at, items);
    for (const old of this.chunks.keys()) {
      if (this.chunks.size <= MOST_CHUNKS) break;
      if (!this.#wanted.includes(old)) this.chunks.delete(old);
    }
    const from = at * this.chunk;
    const detail = { from, end: from + items.length };
    this.dispatchEvent(Object.assign(new Event("items"), detail));
  }

  /**
   * One item, asked for if it is not here.
   * @param {number} index
   * @param {{signal?: AbortSignal}} [options]
   */
  async fetched(index, { signal } = {}) {
    const at = Math.floor(index / this.chunk);
    if (!this.item(index)) this.#keep(at, await this.#fetch(at, signal));
    return this.item(index);
  }

  /**
   * Many items, in order, those included that nobody has looked at.
   * @param {(index: number) => number} next  The first wanted index from `index` on, or -1.
   * @param {(done: number) => void} [tell]  How many are found so far.
   * @returns {Promise<import("./page.js").Item[]>}
   * @throws {Moved} if what is there is not what the positions were of.
   */
  async all(next, tell = () => {}) {
    const ats = [];
    for (let index = next(0); index >= 0; index = next((ats.at(-1) + 1) * this.chunk)) {
      ats.push(Math.floor(index / this.chunk));
    }
    const asked = ats.some((at) => !this.#has(at));
    const found = new Array(ats.length);
    let begun = 0;
    let done = 0;
    const worker = async () => {
      while (begun < ats.length) {
        const turn = begun;
        begun += 1;
        const at = ats[turn];
        const items = this.#has(at) ? this.chunks.get(at) : await this.#fetch(at);
        found[turn] = picked(items, at * this.chunk, next);
        done += found[turn].length;
        tell(done);
      }
    };
    await Promise.all(Array.from({ length: MOST_IN_FLIGHT }, worker));
    if (asked && this.stamp && (await this.renewed())) throw new Moved();
    return found.flat();
  }

  /**
   * Where an item stands, or -1; by its time, where chunks have to be asked for.
   * @param {{ref: string, time?: string|null}} item
   */
  async locate(item) {
    const here = this.#locateHere(item.ref);
    const { first, end } = this.monthOf(item.time);
    if (here >= 0 || first >= end) return here;
    const near = await this.firstNotAfter(item.time, first, end);
    for (let index = near; index < end; index += 1) {
      const found = await this.fetched(index);
      if (found?.ref === item.ref) return index;
      if (!found || found.time !== item.time) break;
    }
    // What came since the shapes were told has moved it out of its month, but not far.
    return this.#locateHere(item.ref);
  }

  #locateHere(ref) {
    for (const [at, items] of this.chunks) {
      const within = items.findIndex((item) => item.ref === ref);
      if (within >= 0) return at * this.chunk + within;
    }
    return -1;
  }

  /**
   * Where an item stands of which only the ref is known, or -1: everything is asked for in turn.
   * @param {string} ref
   */
  async search(ref) {
    for (let from = 0; from < this.total; from += this.chunk) {
      await this.fetched(Math.min(from + this.chunk, this.total) - 1);
      const index = await this.locate({ ref });
      if (index >= 0) return index;
    }
    return -1;
  }

  /**
   * The first item that is not later than a time, among those from `first` to before `end`.
   * @param {string} time
   * @param {number} first
   * @param {number} end
   */
  async firstNotAfter(time, first, end) {
    let low = first;
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = (await this.fetched(middle))?.time ?? "";
      if (isAfter(there, time)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The items of the month a time is in. @param {string|null|undefined} time */
  monthOf(time) {
    const label = time?.slice(0, 7);
    const at = this.months.findIndex(([month]) => month === label);
    if (at < 0) return { first: 0, end: 0 };
    return { first: this.months[at][1], end: this.months[at + 1]?.[1] ?? this.total };
  }
}

/** Items that are all here, with the face of a `Timeline`. */
export class ItemList extends Timeline {
  /** @param {import("./page.js").Item[]} items */
  constructor(items) {
    super({ first: { items, next: null } });
    this.months = [];
    this.chunk = Math.max(1, items.length);
  }

  async renewed() {
    return null;
  }
}

function isAfter(time, other) {
  // Of different precision, the texts would not compare as the times do.
  return Date.parse(time) > Date.parse(other);
}

function picked(items, offset, next) {
  const found = [];
  for (let index = next(offset); index >= 0; index = next(index + 1)) {
    if (index - offset >= items.length) break;
    found.push(items[index - offset]);
  }
  return found;
}

function monthsOf(items) {
  const months = [];
  for (const [index, { time }] of items.entries()) {
    const label = time?.slice(0, 7) ?? "";
    if (months.at(-1)?.[0] !== label) months.push([label, index]);
  }
  return months;
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
