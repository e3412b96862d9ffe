/** What is around a thing shown large: its title, the buttons, and the keyboard kept inside. */

import { drawing, el, isTyping } from "./dom.js";
import { fileUrl } from "./page.js";
import { itemName } from "./tile.js";

/** Milliseconds without a movement after which the buttons go. */
const IDLE = 3000;

const PATHS = Object.freeze({
  close: "M19 12H5M11 6l-6 6 6 6",
  delete: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  download: "M12 4v11M8 11l4 4 4-4M5 20h14",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.1",
  next: "M9 5l7 7-7 7",
  previous: "M15 5l-7 7 7 7",
  share: "M12 15V4M8 8l4-4 4 4M6 12v8h12v-8",
  zoom: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20M10.5 8v5M8 10.5h5",
});

export class LightboxFrame {
  #idle = 0;

  /**
   * @param {HTMLElement} facts  The panel at the side.
   * @param {Record<string, (() => void)|null>} run  What the buttons do; those for which there is
   *     nothing are left out.
   */
  constructor(facts, run) {
    this.title = el("p", { class: "lightbox-title", dir: "auto" });
    this.download = el(
      "a",
      { class: "lightbox-button", title: "Download (d)", "aria-label": "Download" },
      drawing(PATHS.download),
    );
    this.info = button("info", "Details (i)", run.info);
    this.info.setAttribute("aria-expanded", "false");
    this.magnify = button("zoom", "Zoom (z)", run.zoom);
    this.previous = button("previous", "Previous (←)", run.previous);
    this.next = button("next", "Next (→)", run.next);
    const bar = el(
      "div",
      { class: "lightbox-bar" },
      button("close", "Back (Esc)", run.close),
      this.title,
      this.magnify,
      button("share", "Share (S)", run.share),
      this.download,
      button("delete", "Move to trash (Delete)", run.delete),
      this.info,
    );
    /** What moves when one swipes. */
    this.strip = el("div", { class: "lightbox-strip" });
    this.stage = el("div", { class: "lightbox-stage" }, this.strip);
    const view = el("div", { class: "lightbox-view" }, this.stage, this.previous, this.next, bar);
    this.element = el(
      "div",
      {
        class: "lightbox",
        role: "dialog",
        "aria-modal": "true",
        "aria-label": "Viewer",
        tabindex: "-1",
        on: {
          focusin: () => this.stir(),
          keydown: (event) => this.#trap(event),
          pointermove: ({ pointerType }) => {
            if (pointerType === "mouse") this.stir();
          },
        },
      },
      view,
      facts,
    );
  }

  /**
   * Says what is shown, and offers what can be done with it.
   * @param {import("./page.js").Item} item
   * @param {{isFirst: boolean, isLast: boolean, isPicture: boolean}} how
   */
  describe(item, { isFirst, isLast, isPicture }) {
    this.title.textContent = item.title || item.name;
    this.element.setAttribute("aria-label", itemName(item));
    this.previous.hidden = isFirst;
    this.next.hidden = isLast;
    this.magnify.hidden = !isPicture;
    this.download.hidden = !item.content;
    this.download.href = fileUrl(item);
    this.download.download = item.name;
    this.stir();
  }

  /** @param {boolean} isOpen  Whether the panel is seen. */
  showFacts(isOpen) {
    this.element.classList.toggle("has-facts", isOpen);
    this.info.setAttribute("aria-expanded", String(isOpen));
    this.stir();
  }

  /** Shows the buttons, for a while, and as long as somebody is at them. */
  stir() {
    this.element.classList.remove("is-bare");
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      const isUsed = this.element.querySelector(":focus-visible, .lightbox-bar:hover");
      if (!isUsed && !this.element.classList.contains("has-facts")) this.hideButtons();
    }, IDLE);
  }

  /** Leaves nothing but what is shown. */
  hideButtons() {
    this.element.classList.add("is-bare");
  }

  get isBare() {
    return this.element.classList.contains("is-bare");
  }

  /** Waits for nothing more. */
  rest() {
    clearTimeout(this.#idle);
  }

  /** Tab stays inside. Keys pressed on what plays are its own, but for leaving. */
  #trap(event) {
    if (event.target instanceof HTMLMediaElement && !["Escape", "Tab"].includes(event.key)) {
      event.stopPropagation();
    }
    if (event.key !== "Tab" || isTyping(event.target)) return;
    const stops = [...this.element.querySelectorAll("button, a[href], video, audio, pre")].filter(
      (stop) => !stop.closest("[hidden], [inert]"),
    );
    const at = stops.indexOf(document.activeElement);
    const isLeaving = event.shiftKey ? at <= 0 : at === stops.length - 1;
    if (!isLeaving) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0)?.focus();
  }
}

function button(name, label, run) {
  if (!run) return null;
  return el(
    "button",
    {
      class: `lightbox-button lightbox-${name}`,
      type: "button",
      title: label,
      "aria-label": label.replace(/ \(.*/, ""),
      on: { click: run },
    },
    drawing(PATHS[name]),
  );
}
