/** One thing shown large: a picture, film, recording or text, or a card that says what it is. */

import { el } from "./dom.js";
import { sizeWords } from "./format.js";
import { fileUrl, HEIGHTS, isShown, page, thumbnailHeight, thumbnailUrl } from "./page.js";
import { kindDrawing } from "./tile.js";

const TALLEST = HEIGHTS[HEIGHTS.length - 1];

/** What is given for a picture whose size nobody knows. */
const UNKNOWN = Object.freeze({ width: 1200, height: 900 });

/** Bytes of a text that are shown. */
const MOST_TEXT = 100_000;

export class Slide {
  #given = new AbortController();
  #asked = 0;

  /**
   * @param {import("./page.js").Item} item
   * @param {string|null} preview  The address of a small picture that is at hand.
   */
  constructor(item, preview = null) {
    this.item = item;
    this.preview = preview;
    /** What can be zoomed, or null. @type {HTMLElement|null} */
    this.frame = null;
    /** What plays, or null. @type {HTMLMediaElement|null} */
    this.player = null;
    this.element = el("div", { class: "slide", dataset: { kind: item.kind } }, this.#content());
  }

  /** Whether it is a picture that gets sharper when it is larger. */
  get isPicture() {
    return this.frame !== null;
  }

  #content() {
    const { item } = this;
    // On shares whose downloads are counted nothing is taken that nobody has asked for.
    if (page.counted) return item.cover ? this.#picture() : this.#card();
    if (item.kind === "video") return this.#film();
    if (item.kind === "audio") return this.#recording();
    if (item.kind === "document" && item.mime.startsWith("text/")) return this.#text();
    return item.cover ? this.#picture() : this.#card();
  }

  #picture() {
    this.image = el("img", { class: "slide-picture", alt: this.item.title || this.item.name });
    this.image.draggable = false;
    const small = this.preview ?? thumbnailUrl(this.item.cover, 256);
    const under = el("img", { class: "slide-preview", alt: "", src: small });
    under.draggable = false;
    this.frame = el("div", { class: "slide-frame" }, under, this.image);
    return this.frame;
  }

  #film() {
    this.player = el("video", {
      class: "slide-film",
      controls: true,
      playsinline: true,
      loop: this.item.seconds !== null && this.item.seconds < 4,
      preload: "metadata",
      poster: this.item.cover ? thumbnailUrl(this.item.cover, 1000) : null,
      src: fileUrl(this.item, { inline: true }),
      "aria-label": this.item.title || this.item.name,
    });
    return this.#playable(this.player);
  }

  #recording() {
    this.player = el("audio", {
      class: "slide-recording",
      controls: true,
      preload: "metadata",
      src: fileUrl(this.item, { inline: true }),
      "aria-label": this.item.title || this.item.name,
    });
    const cover = this.item.cover
      ? el("img", { class: "slide-cover", alt: "", src: thumbnailUrl(this.item.cover, 500) })
      : el("span", { class: "slide-drawing" }, kindDrawing(this.item));
    return el(
      "div",
      { class: "slide-card" },
      cover,
      el("p", { class: "slide-title", dir: "auto" }, this.item.title || this.item.name),
      this.#playable(this.player),
    );
  }

  #playable(player) {
    player.addEventListener("error", () => {
      if (!player.error || this.#given.signal.aborted) return;
      player.replaceWith(this.#card("This browser cannot play it."));
    });
    return player;
  }

  #text() {
    const text = el("pre", { class: "slide-text", tabindex: "0", dir: "auto" });
    this.#readText(text).catch((error) => {
      if (error.name !== "AbortError") text.replaceWith(this.#card("It could not be read."));
    });
    return text;
  }

  async #readText(text) {
    const response = await fetch(fileUrl(this.item, { inline: true }), {
      headers: this.item.size ? { Range: `bytes=0-${MOST_TEXT - 1}` } : {},
      signal: this.#given.signal,
    });
    if (!response.ok) throw new Error(String(response.status));
    text.textContent = await response.text();
    if ((this.item.size ?? 0) > MOST_TEXT) text.append("\n…");
  }

  #card(note = "") {
    const { item } = this;
    return el(
      "div",
      { class: "slide-card" },
      el("span", { class: "slide-drawing" }, kindDrawing(item)),
      el("p", { class: "slide-title", dir: "auto" }, item.title || item.name || item.ref),
      item.size !== null && el("p", { class: "slide-more" }, sizeWords(item.size)),
      note && el("p", { class: "slide-more" }, note),
      item.content &&
        el("a", { class: "button", href: fileUrl(item), download: item.name }, "Download"),
    );
  }

  /**
   * Fits a picture into the stage, and sees that it is as sharp as the screen.
   * @param {{width: number, height: number}} stage  In pixels of the page.
   * @param {number} [scale]  How far it is zoomed.
   */
  fit(stage, scale = 1) {
    if (!this.frame || !stage.width) return;
    const { width, height } = this.item.width && this.item.height ? this.item : this.#natural();
    const part = Math.min(stage.width / width, stage.height / height, 1);
    this.frame.style.width = `${Math.round(width * part)}px`;
    this.frame.style.height = `${Math.round(height * part)}px`;
    this.#sharpen(height * part * scale * devicePixelRatio, height);
  }

  #natural() {
    const { naturalWidth: width, naturalHeight: height } = this.image;
    return width ? { width, height } : UNKNOWN;
  }

  /** Asks for a picture of so many pixels' height, unless one like that was asked for. */
  #sharpen(wanted, height) {
    const moves = this.item.mime === "image/gif"; // thumbnails of those stand still
    const isOriginal = isShown(this.item) && this.item.content && (moves || wanted > TALLEST);
    const high = isOriginal ? Infinity : thumbnailHeight(Math.min(wanted, height));
    if (high <= this.#asked) return;
    this.#asked = high;
    const next = new Image();
    next.decoding = "async";
    next.src = isOriginal
      ? fileUrl(this.item, { inline: true })
      : thumbnailUrl(this.item.cover, high);
    next
      .decode()
      .then(() => {
        if (this.#given.signal.aborted || high < this.#asked) return;
        this.image.src = next.src;
        this.element.classList.add("is-sharp");
        if (!this.item.width) this.element.dispatchEvent(new Event("sized", { bubbles: true }));
      })
      .catch(() => {
        if (this.image.src || this.#given.signal.aborted) return;
        this.element.replaceChildren(this.#card());
      });
  }

  /** Plays what can be played, since somebody asked for it. */
  play() {
    this.player?.play().catch(() => {}); // browsers may want another click
  }

  pause() {
    this.player?.pause();
  }

  /** Lets go of all that is on its way. */
  close() {
    this.#given.abort();
    if (!this.player) return;
    this.player.pause();
    this.player.removeAttribute("src");
    this.player.load();
  }
}
