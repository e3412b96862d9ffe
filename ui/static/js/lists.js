/** Lists that grow as one scrolls: what those pages have in common. */

import { api } from "./acts.js";
import { el } from "./dom.js";
import { getJson } from "./http.js";
import { whenNear } from "./nearing.js";
import { explain } from "./toast.js";

const PIECE = 100; // rows that are asked for as somebody scrolls
const MOST = 1000; // rows that are asked for at a time where that many are shown already

const DEFAULTS = Object.freeze({
  member: "items",
  from: "from",
  piece: PIECE,
  parameters: () => ({}),
});

/**
 * A page with a heading and one list, fetched in pieces while somebody scrolls.
 * @template T
 */
export class Listing {
  /**
   * @param {object} options
   * @param {string} options.title
   * @param {string} [options.intro]
   * @param {string} options.call of the API
   * @param {string} [options.member] where in the answer the rows are
   * @param {string} [options.from] what the token of the next piece is called
   * @param {() => Record<string, any>} [options.parameters]
   * @param {(one: T, listing: Listing<T>) => HTMLElement} options.row
   * @param {string | (() => string)} options.empty said where there is nothing
   * @param {string} [options.look] class of the list
   * @param {number} [options.piece] rows that are asked for at a time
   */
  constructor({ title, intro = "", look = "rows", ...options }) {
    Object.assign(this, DEFAULTS, options);
    this.rows = [];
    this.heading = el("h1", {}, title);
    this.head = el("header", { class: "list-head" }, this.heading);
    this.intro = el("p", { class: "soft" }, intro);
    this.intro.hidden = !intro;
    this.list = el("ul", { class: look, "aria-label": title });
    this.note = el("p", { class: "list-note soft", role: "status" });
    this.end = el("div", {});
    this.element = el(
      "section",
      { class: "text wide list-page" },
      this.head,
      this.intro,
      this.list,
      this.note,
      this.end,
    );
  }

  /** Put it on the page, and keep it as things are. */
  async show() {
    document.getElementById("main").append(this.element);
    window.addEventListener("holdfast:changed", () => this.reloadSoon());
    await this.reload();
    this.watch = whenNear(this.end, () => this.more());
  }

  /** @param {number} [milliseconds] */
  reloadSoon(milliseconds = 200) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reload(), milliseconds);
  }

  /** List something else, from its beginning, as the parameters are by now. */
  begin() {
    this.rows = [];
    return this.reload();
  }

  /** Ask again for as much as is shown. */
  async reload() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const wanted = Math.max(this.piece, this.rows.length);
    let rows = [];
    let next = null;
    try {
      do {
        const answer = await this.#ask(next, signal, Math.min(MOST, wanted - rows.length));
        rows = rows.concat(answer[this.member]);
        next = answer.next ?? null;
      } while (next !== null && rows.length < wanted);
    } catch (error) {
      if (!signal.aborted) this.#complain(error);
      return;
    }
    if (signal.aborted) return;
    this.next = next;
    this.rows = rows;
    this.#keepFocus(() => this.list.replaceChildren(...rows.map((one) => this.row(one, this))));
    this.#say();
    this.watch?.();
  }

  /** The next rows; whether more follow. */
  async more() {
    if ((this.next ?? null) === null) return false;
    try {
      const answer = await this.#ask(this.next, this.asked.signal);
      this.next = answer.next ?? null;
      this.rows.push(...answer[this.member]);
      this.list.append(...answer[this.member].map((one) => this.row(one, this)));
      this.#say();
      return this.next !== null;
    } catch (error) {
      this.#complain(error);
      return false;
    }
  }

  #ask(next, signal, limit = this.piece) {
    const parameters = { ...this.parameters(), limit, [this.from]: next };
    return getJson(api(this.call), parameters, { signal });
  }

  #say() {
    const none = typeof this.empty === "function" ? this.empty() : this.empty;
    this.note.textContent = this.rows.length ? "" : none;
    this.onRows?.(this.rows);
  }

  #complain(error) {
    if (error.name === "AbortError") return;
    const click = () => this.reload();
    const again = el("button", { type: "button", class: "button", on: { click } }, "Try again");
    this.note.replaceChildren(explain(error, "It could not be listed"), " ", again);
  }

  /** Whoever has the keyboard in the list keeps it, in the same row or the one in its place. */
  #keepFocus(redraw) {
    const rows = [...this.list.children];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const within = at < 0 ? -1 : focusable(rows[at]).indexOf(document.activeElement);
    redraw();
    if (at < 0) return;
    const row = this.list.children[Math.min(at, this.list.children.length - 1)];
    const stops = row ? focusable(row) : [];
    stops[Math.min(within, stops.length - 1)]?.focus({ preventScroll: true });
  }
}

function focusable(row) {
  return [...row.querySelectorAll("a[href], button, input")];
}
