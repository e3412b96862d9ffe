/** Lists that grow as one scrolls: what those pages have in common. */

import { api } from "./acts.js";
import { el } from "./dom.js";
import { getJson } from "./http.js";
import { whenNear } from "./nearing.js";
import { explain } from "./toast.js";

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
   * @param {string} options.empty said where there is nothing
   * @param {string} [options.look] class of the list
   */
  constructor({ title, intro = "", look = "rows", ...options }) {
    Object.assign(this, { member: "items", from: "from", parameters: () => ({}) }, options);
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
    await this.reload();
    this.watch = whenNear(this.end, () => this.more());
    window.addEventListener("holdfast:changed", () => this.reloadSoon());
  }

  reloadSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reload(), 200);
  }

  /** Ask again for as much as is shown. */
  async reload() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const wanted = Math.max(1, this.rows.length);
    let rows = [];
    let next = null;
    try {
      do {
        const answer = await this.#ask(next, signal);
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

  #ask(next, signal) {
    return getJson(api(this.call), { ...this.parameters(), [this.from]: next }, { signal });
  }

  #say() {
    this.note.textContent = this.rows.length ? "" : this.empty;
    this.onRows?.(this.rows);
  }

  #complain(error) {
    if (error.name === "AbortError") return;
    this.note.textContent = explain(error, "It could not be listed");
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
