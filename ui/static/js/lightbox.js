/**
 * Things shown large over the page, one beside the other: `#view=REF` in the address.
 *
 * The page behind stays as it is; leaving gives the keyboard back to where it was opened.
 */

import { announce, drawing, el, isCalm, isTyping } from "./dom.js";
import { Facts } from "./facts.js";
import { getJson } from "./http.js";
import { addShortcuts } from "./keys.js";
import { fileUrl, page } from "./page.js";
import { Slide } from "./slide.js";
import { ItemList } from "./timeline.js";
import { itemName } from "./tile.js";
import { Zoom } from "./zoom.js";

/** The part of the stage a finger must cross, or its speed, to go on to the neighbour. */
const ENOUGH = 0.25;
const FLICK = 0.4;

/** Pixels down that put it away. */
const DROP = 110;

/** Milliseconds without a movement after which the buttons go from a film or a picture. */
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

/** The ref in the address, if something is to be shown. */
export function viewedRef() {
  return /^#view=([\w.-]+)$/.exec(location.hash)?.[1] ?? "";
}

/**
 * Has the things of a grid shown large when they are opened.
 * @param {import("./grid.js").Grid} grid
 */
export function lightboxOver(grid) {
  const lightbox = new Lightbox({
    source: () => grid.source,
    preview: (index) => grid.lines.tile(index)?.picture?.src ?? null,
    returnTo: (index) => grid.focus(index),
  });
  grid.addEventListener("open", (event) => {
    // Places are gone to; and so is what is no file, as its page is all there is to see.
    if (!isSeen(event.item)) return;
    event.preventDefault();
    lightbox.open(event.index);
  });
  return lightbox;
}

function isSeen({ kind, content }) {
  return kind !== "folder" && kind !== "set" && content !== null;
}

export class Lightbox {
  #index = -1;
  #slides = new Map();
  #removeKeys = null;
  #inert = [];
  #idle = 0;
  #renewing = null;

  /**
   * @param {object} given
   * @param {() => import("./timeline.js").Timeline} given.source
   * @param {(index: number) => string|null} [given.preview]  A picture of an item that is at hand.
   * @param {(index: number) => void} [given.returnTo]  Gets the keyboard when it is put away.
   */
  constructor({ source, preview = () => null, returnTo = () => {} }) {
    this.source = source;
    this.preview = preview;
    this.returnTo = returnTo;
    this.alone = null;
    this.#build();
    addEventListener("popstate", () => this.follow());
    addEventListener("hashchange", () => this.follow());
    addEventListener("resize", () => this.#fit(), { passive: true });
    addEventListener("holdfast:changed", () => this.#renewSoon());
  }

  get isOpen() {
    return this.element.isConnected;
  }

  get #items() {
    return this.alone ?? this.source();
  }

  #build() {
    this.title = el("p", { class: "lightbox-title", dir: "auto" });
    const acts = Boolean(page.urls.api && page.writable);
    this.facts = new Facts(acts ? (item) => this.#editTags(item) : null);
    this.download = el(
      "a",
      { class: "lightbox-button", title: "Download (d)", "aria-label": "Download" },
      drawing(PATHS.download),
    );
    this.info = this.#button("info", "Details (i)", () => this.#toggleFacts());
    this.info.setAttribute("aria-expanded", "false");
    this.magnify = this.#button("zoom", "Zoom (z)", () => this.zoom.toggle());
    this.bar = el(
      "div",
      { class: "lightbox-bar" },
      this.#button("close", "Back (Esc)", () => this.close()),
      this.title,
      this.magnify,
      acts && this.#button("share", "Share (S)", () => this.#share()),
      this.download,
      acts && this.#button("delete", "Move to trash (Delete)", () => this.#moveToTrash()),
      this.info,
    );
    this.previous = this.#button("previous", "Previous (←)", () => this.#step(-1));
    this.next = this.#button("next", "Next (→)", () => this.#step(1));
    this.previous.classList.add("lightbox-previous");
    this.next.classList.add("lightbox-next");
    this.strip = el("div", { class: "lightbox-strip" });
    this.stage = el("div", { class: "lightbox-stage" }, this.strip);
    const view = el("div", { class: "lightbox-view" }, this.stage, this.previous, this.next, this.bar);
    this.element = el(
      "div",
      {
        class: "lightbox",
        role: "dialog",
        "aria-modal": "true",
        "aria-label": "Viewer",
        tabindex: "-1",
      },
      view,
      this.facts.element,
    );
    this.zoom = new Zoom(this.stage, () => this.#slides.get(this.#index)?.frame ?? null);
    this.zoom.addEventListener("zoom", () => this.#fitCurrent());
    this.zoom.addEventListener("swipe", (event) => this.#swipe(event));
    this.zoom.addEventListener("swiped", (event) => this.#swiped(event));
    this.zoom.addEventListener("tap", ({ at }) => this.#tap(at));
    this.element.addEventListener("keydown", (event) => this.#trap(event));
    this.element.addEventListener("pointermove", () => this.#stir());
    this.element.addEventListener("focusin", () => this.#stir());
    this.stage.addEventListener("sized", () => this.#fit());
  }

  #button(name, label, run) {
    const words = label.replace(/ \(.*/, "");
    return el(
      "button",
      {
        class: `lightbox-button lightbox-${name}`,
        type: "button",
        title: label,
        "aria-label": words,
        on: { click: run },
      },
      drawing(PATHS[name]),
    );
  }

  // Coming and going -----------------------------------------------------------------------------

  /**
   * Shows an item, and writes it into the address.
   * @param {number} index
   */
  open(index) {
    this.alone = null;
    const item = this.#items.item(index);
    if (!item) return;
    history.pushState({ ...history.state, isOver: true }, "", `#view=${item.ref}`);
    this.#show(index, { isAsked: true });
  }

  /** Does what the address says. */
  async follow() {
    const ref = viewedRef();
    if (!ref) {
      if (this.isOpen) this.#hide();
      return;
    }
    if (this.isOpen && this.#items.item(this.#index)?.ref === ref) return;
    try {
      const { item, index } = await this.#found(ref);
      if (viewedRef() !== ref) return;
      this.alone = index < 0 ? new ItemList([item]) : null;
      this.#show(Math.max(0, index));
    } catch {
      this.#leave(); // there is no such thing, or nobody may see it
    }
  }

  /** What is shown, by its ref: where it stands, or -1 if it is not among what is listed. */
  async #found(ref) {
    const source = this.source();
    const index = await source.locate({ ref });
    if (index >= 0) return { item: source.item(index), index };
    if (!page.urls.api) return { item: null, index: await source.search(ref) };
    const { item } = await getJson(`${page.urls.api}thing`, { ref });
    return { item, index: await source.locate(item) };
  }

  /** Puts it away. */
  close() {
    if (history.state?.isOver) history.back();
    else this.#leave();
  }

  #leave() {
    history.replaceState(history.state, "", location.pathname + location.search);
    if (this.isOpen) this.#hide();
  }

  #enter() {
    // All else cannot be reached meanwhile, but for what lies above.
    this.#inert = [...document.body.children].filter(
      (element) => !element.matches("dialog, .toasts, #announcements, script, [inert]"),
    );
    document.body.append(this.element);
    for (const element of this.#inert) element.inert = true;
    // The page behind keeps its width, though it has no scroll bar now: or all would move.
    const { documentElement } = document;
    document.body.style.paddingInlineEnd = `${innerWidth - documentElement.clientWidth}px`;
    documentElement.classList.add("has-lightbox");
    this.#removeKeys = addShortcuts(...this.#keys());
    this.element.focus({ preventScroll: true });
  }

  #hide() {
    for (const element of this.#inert) element.inert = false;
    this.#inert = [];
    document.documentElement.classList.remove("has-lightbox");
    document.body.style.paddingInlineEnd = "";
    clearTimeout(this.#idle);
    for (const slide of this.#slides.values()) slide.close();
    this.#slides.clear();
    this.strip.replaceChildren();
    this.zoom.reset();
    this.element.remove();
    this.#removeKeys();
    const index = this.#index;
    this.#index = -1;
    if (!this.alone) this.returnTo(index);
    this.alone = null;
  }

  // Showing --------------------------------------------------------------------------------------

  #show(index, { isAsked = false } = {}) {
    if (!this.isOpen) this.#enter();
    this.#slides.get(this.#index)?.pause();
    this.zoom.reset();
    this.#index = index;
    const items = this.#items;
    items.want(index - 2, index + 3);
    const near = [index, index + 1, index - 1].filter((at) => items.item(at));
    for (const [at, slide] of this.#slides) {
      if (near.includes(at) && slide.item.ref === items.item(at).ref) continue;
      slide.close();
      slide.element.remove();
      this.#slides.delete(at);
    }
    for (const at of near) this.#put(at);
    this.#describe();
    this.#fit();
    if (isAsked) this.#slides.get(index)?.play();
  }

  #put(at) {
    let slide = this.#slides.get(at);
    if (!slide) {
      slide = new Slide(this.#items.item(at), this.preview(at));
      this.#slides.set(at, slide);
      this.strip.append(slide.element);
    }
    slide.element.style.insetInlineStart = `${(at - this.#index) * 100}%`;
    slide.element.inert = at !== this.#index;
  }

  #describe() {
    const item = this.#items.item(this.#index);
    const { total } = this.#items;
    this.title.textContent = item.title || item.name;
    this.element.setAttribute("aria-label", itemName(item));
    this.previous.hidden = this.#index === 0;
    this.next.hidden = this.#index >= total - 1;
    this.magnify.hidden = !this.#slides.get(this.#index).isPicture;
    this.download.hidden = !item.content;
    this.download.href = fileUrl(item);
    this.download.download = item.name;
    this.facts.show(item);
    announce(`${itemName(item)}, ${this.#index + 1} of ${total}`);
    this.#stir();
  }

  #fit() {
    if (!this.isOpen) return;
    const box = { width: this.stage.clientWidth, height: this.stage.clientHeight };
    for (const at of [this.#index, this.#index + 1, this.#index - 1]) this.#slides.get(at)?.fit(box);
    this.zoom.reset();
  }

  #fitCurrent() {
    const box = { width: this.stage.clientWidth, height: this.stage.clientHeight };
    this.#slides.get(this.#index)?.fit(box, this.zoom.scale);
  }

  async #step(by) {
    const index = this.#index + by;
    const items = this.#items;
    if (index < 0 || index >= items.total) return;
    const item = items.item(index) ?? (await items.fetched(index).catch(() => null));
    if (!item || !this.isOpen || index !== this.#index + by) return;
    history.replaceState(history.state, "", `#view=${item.ref}`);
    this.#show(index);
  }

  #renewSoon() {
    // The grid behind asks what there is now; a moment later this follows.
    clearTimeout(this.#renewing);
    this.#renewing = setTimeout(() => this.#renew(), 400);
  }

  /** Where things have changed, it goes on from where what is shown stands now. */
  async #renew() {
    const slide = this.#slides.get(this.#index);
    if (!slide || this.alone) return;
    const { ref } = slide.item;
    const index = await this.source().locate(slide.item);
    if (!this.isOpen || this.#slides.get(this.#index)?.item.ref !== ref) return;
    if (index >= 0 && index !== this.#index) {
      this.#slides.delete(this.#index);
      for (const other of this.#slides.values()) other.element.remove();
      this.#slides.clear();
      this.#slides.set(index, slide);
      this.#show(index);
    } else if (index >= 0) {
      this.#describe();
    }
  }

  // Hands ----------------------------------------------------------------------------------------

  #swipe({ x, y }) {
    const isDown = y > 0 && y > Math.abs(x) * 1.4;
    this.strip.classList.add("is-held");
    const across = isDown ? 0 : this.#isAtEnd(x) ? x / 4 : x;
    this.strip.style.transform = `translate(${across}px, ${isDown ? y : 0}px)`;
    this.element.style.setProperty("--gone", isDown ? String(Math.min(0.7, y / 500)) : "0");
  }

  #isAtEnd(x) {
    return x > 0 ? this.#index === 0 : this.#index >= this.#items.total - 1;
  }

  async #swiped({ x, y, speed }) {
    const { strip, stage } = this;
    strip.classList.remove("is-held");
    this.element.style.setProperty("--gone", "0");
    strip.style.transform = "";
    if (y > DROP && y > Math.abs(x) * 1.4) {
      this.close();
      return;
    }
    const isOn = Math.abs(x) > stage.clientWidth * ENOUGH || Math.abs(speed) > FLICK;
    if (!isOn || Math.abs(y) > Math.abs(x) || this.#isAtEnd(x)) return;
    const by = x > 0 ? -1 : 1;
    if (!isCalm()) {
      strip.style.transform = `translateX(${-by * 100}%)`;
      await settled(strip);
    }
    strip.classList.add("is-held"); // no way back across the stage
    await this.#step(by);
    strip.style.transform = "";
    strip.getBoundingClientRect();
    strip.classList.remove("is-held");
  }

  #tap({ target, pointerType }) {
    if (pointerType === "mouse") {
      if (!target.closest(".slide-frame")) this.close();
    } else {
      this.element.classList.toggle("is-bare");
    }
  }

  /** Buttons are seen while somebody is there, and always by who needs them to be. */
  #stir() {
    this.element.classList.remove("is-bare");
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      const isUsed = this.element.querySelector(".lightbox-view :focus-visible, .lightbox-bar:hover");
      if (!isUsed && !this.facts.isOpen) this.element.classList.add("is-bare");
    }, IDLE);
  }

  // Keys -----------------------------------------------------------------------------------------

  #keys() {
    const key = (keys, label, run, more = {}) => ({ keys, label, run, group: "Viewer", ...more });
    const acts = page.urls.api && page.writable;
    return [
      key("ArrowLeft", "Previous", () => this.#sideways(-1)),
      key("ArrowRight", "Next", () => this.#sideways(1)),
      key("ArrowUp ArrowDown", "Move what is zoomed", (event) =>
        this.zoom.pan(0, event.key === "ArrowUp" ? 80 : -80),
      ),
      key("+ =", "Nearer", () => this.zoom.in(), { shown: "+" }),
      key("- _", "Farther", () => this.zoom.out(), { shown: "-" }),
      key("0", "All of it", () => this.#fit()),
      key("z", "Zoom, or no longer", () => this.zoom.toggle()),
      key("i", "Details", () => this.#toggleFacts()),
      key("Space", "Play, pause", () => this.#playOrPause(), {
        when: () => Boolean(this.#slides.get(this.#index)?.player),
      }),
      key("d", "Download", () => this.download.click(), { when: () => !this.download.hidden }),
      ...(acts
        ? [
            key("t", "Tags", () => this.#editTags(this.#items.item(this.#index))),
            key("s", "Add to a set", () => this.#addToSet()),
            key("S", "Share", () => this.#share()),
            key("Delete", "Move to trash", () => this.#moveToTrash()),
          ]
        : []),
      key("Escape", "Back", () => this.close()),
    ];
  }

  #sideways(by) {
    if (this.zoom.isZoomed) this.zoom.pan(-by * 80, 0);
    else this.#step(by);
  }

  #playOrPause() {
    const { player } = this.#slides.get(this.#index);
    if (player.paused) player.play().catch(() => {});
    else player.pause();
  }

  /** Tab stays inside. Keys pressed on what plays are its own, but for leaving. */
  #trap(event) {
    if (event.target instanceof HTMLMediaElement && event.key !== "Escape") {
      if (event.key !== "Tab") event.stopPropagation();
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

  #toggleFacts() {
    const { facts } = this;
    facts.isOpen = !facts.isOpen;
    this.element.classList.toggle("has-facts", facts.isOpen);
    this.info.setAttribute("aria-expanded", String(facts.isOpen));
    facts.show(this.#items.item(this.#index));
    this.#fit();
    this.#stir();
  }

  // What the owner does --------------------------------------------------------------------------

  async #editTags(item) {
    const { askTags } = await import("./tagger.js");
    await askTags([item]);
  }

  async #addToSet() {
    const { addToSet } = await import("./setpicker.js");
    await addToSet([this.#items.item(this.#index)]);
  }

  async #share() {
    const item = this.#items.item(this.#index);
    const { share } = await import("./shareform.js");
    await share({ refs: [item.ref], title: item.title || item.name || undefined });
  }

  async #moveToTrash() {
    const item = this.#items.item(this.#index);
    const [{ isBare }, { act, makeClaims }, { say }] = await Promise.all([
      import("./permanodes.js"),
      import("./acts.js"),
      import("./toast.js"),
    ]);
    if (isBare(item)) {
      say("This is part of a folder, which never changes. Delete the folder itself.");
      return;
    }
    const next = this.#index + 1 < this.#items.total ? 1 : -1;
    const done = await act({
      doing: "Moving to trash",
      done: `Moved ${item.title || item.name || "it"} to trash`,
      run: async (told) => ({
        claims: await makeClaims([{ act: "delete", target: item.ref }], told),
      }),
    });
    if (!done || !this.isOpen) return;
    if (this.#items.total > 1 && this.#index + next >= 0) await this.#step(next);
    else this.close();
  }
}

/** When a movement has come to its end, or will not. */
function settled(element) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 300);
    element.addEventListener(
      "transitionend",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
