/** A text field with a list of what it could mean, as the combobox pattern of WAI-ARIA has it. */

import { el, setAttribute } from "./dom.js";

const TYPING_PAUSE = 90; // milliseconds between two questions of one who types

let count = 0;

/**
 * The list appears below the field, which keeps the keyboard; whatever is in it is a proposal and
 * no more: Enter without one chosen is left to whoever owns the field.
 * @template T
 */
export class Combobox {
  /**
   * @param {HTMLInputElement} input
   * @param {object} options
   * @param {string} options.label what the list is called
   * @param {(text: string, signal: AbortSignal) => Promise<T[]>} options.find
   * @param {(option: T) => any} options.show what stands in its row, as children for `el`
   * @param {(option: T) => void} options.take
   * @param {HTMLElement} [options.host] what the list is put into; else what the field is in
   */
  constructor(input, { label, find, show, take, host = input.parentElement }) {
    Object.assign(this, { input, find, show, take, host });
    this.id = `choices-${++count}`;
    this.options = [];
    this.active = -1;
    this.soughtAt = -TYPING_PAUSE;
    this.list = el("ul", {
      class: "choices",
      id: this.id,
      role: "listbox",
      "aria-label": label,
      hidden: true,
    });
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": this.id,
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
    })) {
      input.setAttribute(name, value);
    }
    host.classList.add("combobox");
    host.append(this.list);
    this.#listen();
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Look for proposals now, or in a moment if that was done just now. */
  seekSoon() {
    clearTimeout(this.timer);
    const rest = this.soughtAt + TYPING_PAUSE - performance.now();
    if (rest > 0) this.timer = setTimeout(() => this.seek(), rest);
    else this.seek();
  }

  /** Look for proposals now. */
  async seek() {
    clearTimeout(this.timer);
    this.soughtAt = performance.now();
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    try {
      const found = await this.find(this.input.value, asked.signal);
      if (!asked.signal.aborted && document.activeElement === this.input) this.#open(found);
    } catch {
      if (this.asked === asked) this.close(); // one can go on without proposals
    }
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.options = [];
    this.active = -1;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #open(options) {
    this.options = options;
    this.active = -1;
    const rows = options.map((option, at) =>
      el("li", { role: "option", id: `${this.id}-${at}`, class: "choice" }, this.show(option)),
    );
    this.list.replaceChildren(...rows);
    this.list.hidden = !options.length;
    this.input.setAttribute("aria-expanded", String(options.length > 0));
    this.input.removeAttribute("aria-activedescendant");
  }

  #listen() {
    const { input, list, host } = this;
    input.addEventListener("input", () => this.seekSoon());
    input.addEventListener("focus", () => this.seekSoon());
    input.addEventListener("click", () => this.isOpen || this.seekSoon());
    input.addEventListener("keydown", (event) => this.#onKey(event));
    host.addEventListener("focusout", (event) => {
      if (!host.contains(event.relatedTarget)) this.close();
    });
    // The field keeps the keyboard while somebody points into the list.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const at = [...list.children].indexOf(event.target.closest("[role=option]"));
      if (at >= 0) this.#choose(this.options[at]);
    });
  }

  #onKey(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (this.isOpen) this.#move(this.active + step);
      else this.seek();
    } else if (event.key === "Enter" && this.options[this.active]) {
      event.preventDefault();
      this.#choose(this.options[this.active]);
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  #move(to) {
    const places = this.options.length + 1; // one more: none of them
    this.active = ((to + 1 + places) % places) - 1;
    for (const [at, row] of [...this.list.children].entries()) {
      setAttribute(row, "aria-selected", at === this.active ? "true" : null);
    }
    const row = this.list.children[this.active];
    row?.scrollIntoView({ block: "nearest" });
    setAttribute(this.input, "aria-activedescendant", row?.id);
  }

  #choose(option) {
    this.close();
    this.take(option);
  }
}
