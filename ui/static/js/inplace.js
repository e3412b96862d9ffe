/** A text that becomes a field where it stands, and is saved when that is left. */

import { el } from "./dom.js";
import { shortened } from "./values.js";

/** Characters of what others have said that are told. */
const MOST_TOLD = 200;

/**
 * The field. Enter and leaving it save what was changed, Escape gives it up.
 */
export class InPlace {
  /**
   * @param {object} options
   * @param {string} options.value
   * @param {string} options.label
   * @param {(value: string) => Promise<boolean>} options.save whether it was saved
   * @param {() => void} options.close the field is done with
   */
  constructor({ value, label, save, close }) {
    this.value = value;
    this.save = save;
    this.onClose = close;
    this.isSaving = false;
    this.theirs = null;
    this.field = el("textarea", {
      class: "inplace-field",
      rows: 1,
      "aria-label": label,
      spellcheck: "false",
      props: { value },
    });
    this.note = el("p", { class: "inplace-note", role: "status" });
    this.element = el("div", { class: "inplace" }, this.field, this.note);
    this.field.addEventListener("input", () => this.#grow());
    this.field.addEventListener("keydown", (event) => this.#onKey(event));
    this.field.addEventListener("blur", () => this.#onBlur());
    this.onLeave = (event) => {
      if (this.isChanged) event.preventDefault();
    };
    window.addEventListener("beforeunload", this.onLeave);
  }

  /** Whether there is something in it that would be lost with the page. */
  get isChanged() {
    return !this.isOver && this.field.value !== this.value;
  }

  /** Give it the keyboard, with all of the text chosen. */
  focus() {
    this.field.focus();
    this.field.select();
    this.#grow();
  }

  /**
   * Somebody else has changed the text meanwhile.
   * @param {string|null} theirs null if it is gone
   */
  conflict(theirs) {
    if (theirs === (this.theirs ?? this.value)) return;
    this.theirs = theirs;
    const take = el(
      "button",
      { type: "button", class: "button button-small", on: { click: () => this.#end() } },
      "Take theirs",
    );
    const mine = el(
      "button",
      { type: "button", class: "button button-small", on: { click: () => this.#commit() } },
      "Save mine",
    );
    const words = theirs === null ? "It was removed meanwhile." : `It was changed to “${shortened(theirs, MOST_TOLD)}”.`;
    this.note.replaceChildren(el("span", {}, words), take, mine);
    this.note.classList.add("inplace-conflict");
  }

  #onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#end();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#commit();
    }
  }

  #onBlur() {
    // Leaving for one of its own buttons is no leaving; and who has to choose is waited for.
    setTimeout(() => {
      if (this.note.classList.contains("inplace-conflict")) return;
      const isLeft = !this.element.contains(document.activeElement);
      if (this.element.isConnected && isLeft) this.#commit();
    });
  }

  async #commit() {
    if (this.isSaving || this.isOver) return;
    if (this.field.value === this.value && this.theirs === null) return void this.#end();
    this.isSaving = true;
    this.field.readOnly = true;
    const done = await this.save(this.field.value);
    this.isSaving = false;
    this.field.readOnly = false;
    if (done) this.#end();
    else this.field.focus();
  }

  #end() {
    if (this.isOver) return;
    this.isOver = true;
    window.removeEventListener("beforeunload", this.onLeave);
    this.onClose();
  }

  #grow() {
    this.field.style.blockSize = "auto";
    this.field.style.blockSize = `${this.field.scrollHeight + 2}px`;
  }
}
