/**
 * Things shown large over the page, one beside the other: `#view=REF` in the address.
 *
 * The page behind stays as it is; leaving gives the keyboard back to where it was opened.
 */

import * as deeds from "./deeds.js";
import { announce } from "./dom.js";
import { Facts } from "./facts.js";
import { getJson } from "./http.js";
import { addShortcutsAlone } from "./keys.js";
import { LightboxFrame } from "./lightboxframe.js";
import { page } from "./page.js";
import { Slide } from "./slide.js";
import { swipe } from "./swiping.js";
import { itemName } from "./tile.js";
import { ItemList } from "./timeline.js";
import { Zoom } from "./zoom.js";

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

  get #item() {
    return this.#items.item(this.#index);
  }

  #build() {
    const acts = isOwners();
    this.facts = new Facts(acts ? (item) => deeds.editTags(item) : null);
    this.frame = new LightboxFrame(this.facts.element, {
      close: () => this.close(),
      delete: acts ? () => this.#moveToTrash() : null,
      info: () => this.#toggleFacts(),
      next: () => this.#step(1),
      previous: () => this.#step(-1),
      share: acts ? () => deeds.share(this.#item) : null,
      zoom: () => this.zoom.toggle(),
    });
    this.element = this.frame.element;
    const { stage } = this.frame;
    this.zoom = new Zoom(stage, () => this.#slides.get(this.#index)?.frame ?? null);
    this.zoom.addEventListener("zoom", () => this.#fitCurrent());
    swipe(this.zoom, this.frame, {
      isAtEnd: (by) => !this.#has(this.#index + by),
      step: (by) => this.#step(by),
      close: () => this.close(),
    });
    this.zoom.addEventListener("tap", ({ at }) => this.#tap(at));
    stage.addEventListener("sized", () => this.#fit());
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
    this.#removeKeys = addShortcutsAlone(...this.#keys());
    this.element.focus({ preventScroll: true });
  }

  #hide() {
    for (const element of this.#inert) element.inert = false;
    this.#inert = [];
    document.documentElement.classList.remove("has-lightbox");
    document.body.style.paddingInlineEnd = "";
    this.frame.rest();
    for (const slide of this.#slides.values()) slide.close();
    this.#slides.clear();
    this.frame.strip.replaceChildren();
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
      this.frame.strip.append(slide.element);
    }
    slide.element.style.insetInlineStart = `${(at - this.#index) * 100}%`;
    slide.element.inert = at !== this.#index;
  }

  #describe() {
    const item = this.#items.item(this.#index);
    const { total } = this.#items;
    this.frame.describe(item, {
      isFirst: this.#index === 0,
      isLast: this.#index >= total - 1,
      isPicture: this.#slides.get(this.#index).isPicture,
    });
    this.facts.show(item);
    announce(`${itemName(item)}, ${this.#index + 1} of ${total}`);
  }

  #fit() {
    if (!this.isOpen) return;
    const box = { width: this.frame.stage.clientWidth, height: this.frame.stage.clientHeight };
    for (const slide of this.#slides.values()) slide.fit(box);
    this.zoom.reset();
  }

  #fitCurrent() {
    const box = { width: this.frame.stage.clientWidth, height: this.frame.stage.clientHeight };
    this.#slides.get(this.#index)?.fit(box, this.zoom.scale);
  }

  #has(index) {
    return index >= 0 && index < this.#items.total;
  }

  async #step(by) {
    const index = this.#index + by;
    const items = this.#items;
    if (!this.#has(index)) return;
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

  #tap({ target, pointerType }) {
    if (pointerType === "mouse") {
      if (!target.closest(".slide-frame")) this.close();
    } else {
      if (this.frame.isBare) this.frame.stir();
      else this.frame.hideButtons();
    }
  }

  // Keys -----------------------------------------------------------------------------------------

  #keys() {
    const key = (keys, label, run, more = {}) => ({ keys, label, run, group: "Viewer", ...more });
    const { download } = this.frame;
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
      key("d", "Download", () => download.click(), { when: () => !download.hidden }),
      ...(isOwners()
        ? [
            key("t", "Tags", () => deeds.editTags(this.#item)),
            key("s", "Add to a set", () => deeds.addToSet(this.#item)),
            key("S", "Share", () => deeds.share(this.#item)),
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

  #toggleFacts() {
    const { facts } = this;
    facts.isOpen = !facts.isOpen;
    this.frame.showFacts(facts.isOpen);
    facts.show(this.#item);
    this.#fit();
  }

  async #moveToTrash() {
    const next = this.#index + 1 < this.#items.total ? 1 : -1;
    if (!(await deeds.moveToTrash(this.#item)) || !this.isOpen) return;
    if (this.#items.total > 1 && this.#index + next >= 0) await this.#step(next);
    else this.close();
  }
}

/** Whether who looks may change things. */
function isOwners() {
  return Boolean(page.urls.api && page.writable);
}
