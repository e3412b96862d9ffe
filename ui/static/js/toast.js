/**
 * Messages at the edge of the page: read out politely, stacked, and gone after a while unless
 * somebody is looking at them.
 */

import { announce, el } from "./dom.js";

const MOST_SHOWN = 4;
const SECONDS = 8;

let shelf = null;

/**
 * One message. What it says may change while it is shown.
 */
class Toast {
  /** @param {string} text @param {object} options as for `say` */
  constructor(text, { kind, action, seconds }) {
    this.text = el("p", { class: "toast-text" }, text);
    this.bar = null;
    this.buttons = el("div", { class: "toast-buttons" });
    const dismiss = el("button", {
      type: "button",
      class: "toast-close",
      "aria-label": "Dismiss",
      on: { click: () => this.close() },
    });
    const stay = () => this.#wait(true);
    const go = () => this.#wait(false);
    const onKey = (event) => {
      if (event.key === "Escape") this.close();
    };
    this.element = el(
      "li",
      {
        class: `toast toast-${kind}`,
        on: { keydown: onKey, pointerenter: stay, focusin: stay, pointerleave: go, focusout: go },
      },
      this.text,
      this.buttons,
      dismiss,
    );
    this.seconds = seconds;
    if (action) this.offer(action);
  }

  /**
   * Put a button beside the text: the message goes when it is pressed.
   * @param {{label: string, run: () => void}} action
   */
  offer({ label, run }) {
    const click = () => {
      this.close();
      run();
    };
    const button = el("button", { type: "button", class: "toast-action", on: { click } }, label);
    this.buttons.replaceChildren(button);
  }

  /**
   * Say something else, and how far things are.
   * @param {string} text
   * @param {number} [done] from 0 to 1
   */
  update(text, done) {
    this.text.textContent = text;
    if (done === undefined) return;
    if (!this.bar) {
      this.bar = el("progress", { class: "toast-progress", max: "1", "aria-label": "Progress" });
      this.element.append(this.bar);
    }
    this.bar.value = done;
  }

  /** Go away; whoever had the keyboard in it is put back where they were. */
  close() {
    clearTimeout(this.timer);
    if (!this.element.isConnected) return;
    const focused = this.element.contains(document.activeElement);
    const before = this.before;
    this.element.remove();
    if (focused && before?.isConnected) before.focus({ preventScroll: true });
    if (!shelf.list.childElementCount) shelf.region.hidePopover();
  }

  show() {
    this.before = document.activeElement;
    const { region, list } = shelf;
    while (list.childElementCount >= MOST_SHOWN) list.firstElementChild.remove();
    list.append(this.element);
    // Shown anew, it lies above whatever dialog has been opened meanwhile.
    if (region.matches(":popover-open")) region.hidePopover();
    region.showPopover();
    this.#wait(false);
  }

  #wait(seen) {
    clearTimeout(this.timer);
    if (seen || !this.seconds) return;
    this.timer = setTimeout(() => {
      if (this.element.matches(":hover, :focus-within")) this.#wait(false);
      else this.close();
    }, this.seconds * 1000);
  }
}

function shelve() {
  if (shelf?.region.isConnected) return;
  const list = el("ul", { class: "toasts-list" });
  const region = el("section", { class: "toasts", "aria-label": "Messages", popover: "manual" });
  region.append(list);
  document.body.append(region);
  shelf = { region, list };
}

/**
 * Show a message.
 * @param {string} text
 * @param {object} [options]
 * @param {"info"|"error"} [options.kind]
 * @param {{label: string, run: () => void}} [options.action] a button beside it
 * @param {number} [options.seconds] until it goes; 0: only when it is told to
 * @returns {Toast}
 */
export function say(text, { kind = "info", action, seconds = SECONDS } = {}) {
  shelve();
  const toast = new Toast(text, { kind, action, seconds });
  toast.show();
  // A region that appears with its first words would be passed over.
  announce(text);
  return toast;
}

/**
 * Say what went wrong, and what to do about it.
 * @param {Error & {remedy?: string}} error
 * @param {string} [what] what was being done: "The tag was not added"
 * @param {() => void} [again] tries it once more
 */
export function sayError(error, what, again) {
  const action = again && { label: "Try again", run: again };
  return say(explain(error, what), { kind: "error", action, seconds: 20 });
}

/**
 * What went wrong as sentences.
 * @param {Error & {remedy?: string}} error
 * @param {string} [what]
 * @returns {string}
 */
export function explain(error, what) {
  const why = error?.message || String(error);
  return [what, why, error?.remedy].filter(Boolean).map(sentence).join(" ");
}

function sentence(text) {
  const said = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(said) ? said : `${said}.`;
}
