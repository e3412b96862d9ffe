/**
 * Questions put to a person: a native dialog that is named, keeps the keyboard inside, ends with
 * Escape, and gives the keyboard back to where it came from.
 */

import { el } from "./dom.js";
import { explain } from "./toast.js";

let count = 0;

/**
 * Ask something. The dialog is a form: Enter sends it, Escape gives it up.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {Node[]} options.content what is between the title and the buttons
 * @param {string} [options.submit] label of the button that does it; empty: there is none
 * @param {string} [options.cancel] label of the button that does not
 * @param {"plain"|"danger"} [options.tone]
 * @param {string} [options.className]
 * @param {() => unknown} [options.onSubmit] does it; what it returns is the answer, and `undefined`
 *   keeps the dialog open. It waits for a promise; if that fails, it says why, and stays.
 * @returns {Dialog}
 */
export function ask(options) {
  const dialog = new Dialog(options);
  dialog.show();
  return dialog;
}

/**
 * Ask whether to go on.
 * @param {string} title
 * @param {string} text
 * @param {{submit?: string, tone?: "plain"|"danger"}} [options]
 * @returns {Promise<boolean>}
 */
export async function confirm(title, text, { submit = "Go on", tone = "plain" } = {}) {
  const content = [el("p", {}, text)];
  const dialog = ask({ title, content, submit, tone, onSubmit: () => true });
  return (await dialog.closed) === true;
}

export class Dialog {
  constructor({
    title,
    content,
    submit = "OK",
    cancel = "Cancel",
    tone = "plain",
    className = "",
    onSubmit = () => true,
  }) {
    const id = `dialog-${++count}`;
    this.onSubmit = onSubmit;
    this.problem = el("p", { class: "dialog-problem", role: "alert" });
    this.cancel = el("button", { type: "button", class: "button" }, cancel);
    this.submit = submit
      ? el("button", { type: "submit", class: `button button-primary tone-${tone}` }, submit)
      : null;
    this.heading = el("h2", { class: "dialog-title", id }, title);
    this.body = el("div", { class: "dialog-body" }, ...content);
    const buttons = el("div", { class: "dialog-actions" }, this.cancel, this.submit);
    this.form = el(
      "form",
      { class: "dialog-form", novalidate: true },
      this.heading,
      this.body,
      this.problem,
      buttons,
    );
    const named = { class: `dialog ${className}`.trim(), "aria-labelledby": id };
    this.element = el("dialog", named, this.form);
    /** What was answered, or null if it was given up. @type {Promise<unknown>} */
    this.closed = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.#listen();
  }

  show() {
    this.before = document.activeElement;
    document.body.append(this.element);
    this.element.showModal();
    const wanted = this.body.querySelector("[autofocus]");
    const first = this.body.querySelector("input, select, textarea, button, a[href]");
    (wanted ?? first ?? this.submit ?? this.cancel).focus();
  }

  /** End it with an answer. @param {unknown} answer */
  close(answer = null) {
    if (!this.element.isConnected) return;
    this.element.close();
    this.element.remove();
    if (this.before?.isConnected) this.before.focus({ preventScroll: true });
    this.resolve(answer);
  }

  /** Say why it cannot be done. @param {Error|string} error */
  complain(error) {
    this.problem.textContent = typeof error === "string" ? error : explain(error);
  }

  /** Put other content in, and other buttons: the last page of a longer talk. */
  turn({ title, content, cancel }) {
    this.heading.textContent = title;
    this.body.replaceChildren(...content);
    this.submit?.remove();
    this.submit = null;
    this.cancel.textContent = cancel;
    this.cancel.classList.add("button-primary");
  }

  #listen() {
    this.cancel.addEventListener("click", () => this.close());
    // Some browsers let a second Escape past `cancel`: `close` is what counts.
    this.element.addEventListener("close", () => this.close());
    this.element.addEventListener("pointerdown", (event) => {
      this.pressedOutside = event.target === this.element;
    });
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element && this.pressedOutside) this.close();
    });
    // Shortcuts of the page behind are not meant while a dialog is open.
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#answer();
    });
  }

  async #answer() {
    if (this.form.ariaBusy === "true") return;
    if (!this.form.checkValidity()) {
      this.form.reportValidity();
      return;
    }
    this.complain("");
    this.form.ariaBusy = "true";
    try {
      const answer = await this.onSubmit();
      if (answer !== undefined) this.close(answer);
    } catch (error) {
      this.complain(error);
    } finally {
      this.form.ariaBusy = null;
    }
  }
}
