/** One thing as a line: its picture, its title, and what is to be said or done about it. */

import { el } from "./dom.js";
import { sizeWords } from "./format.js";
import { thingUrl, thumbnailUrl } from "./page.js";
import { kindDrawing } from "./tile.js";

const UNTITLED = Object.freeze({ set: "Untitled set", folder: "Folder" });

/**
 * The small picture of a thing, or the drawing of its kind.
 * @param {import("./page.js").Item} item
 * @param {number} [pixels]
 */
export function smallPicture(item, pixels = 64) {
  const drawn = kindDrawing(item);
  const frame = el("span", { class: `row-picture kind-${item.kind}`, "aria-hidden": "true" });
  if (!item.cover) {
    frame.append(drawn);
    return frame;
  }
  const src = thumbnailUrl(item.cover, pixels);
  const picture = el("img", { src, alt: "", loading: "lazy", decoding: "async" });
  picture.addEventListener("error", () => picture.replaceWith(drawn));
  frame.append(picture);
  return frame;
}

/** What a thing is called. @param {import("./page.js").Item} item */
export function titleOf(item) {
  return item.title || item.name || UNTITLED[item.kind] || "Untitled";
}

/**
 * @param {import("./page.js").Item} item
 * @param {object} [more]
 * @param {any} [more.note] what stands below the title
 * @param {any} [more.end] what stands at the end, buttons as a rule
 * @param {string} [more.tag] of the element
 */
export function itemRow(item, { note, end, tag = "li" } = {}) {
  return el(
    tag,
    { class: "row", dataset: { ref: item.ref } },
    el(
      "a",
      { class: "row-link", href: thingUrl(item) },
      smallPicture(item),
      el(
        "span",
        { class: "row-words" },
        el("span", { class: "row-title", dir: "auto" }, titleOf(item)),
        el("span", { class: "row-note" }, note ?? aboutOf(item)),
      ),
    ),
    end && el("span", { class: "row-end" }, end),
  );
}

/** How large it is. @param {import("./page.js").Item} item */
export function aboutOf(item) {
  if (item.count !== null && item.count !== undefined) {
    return `${item.count.toLocaleString()} ${item.count === 1 ? "item" : "items"}`;
  }
  return item.size === null || item.size === undefined ? "" : sizeWords(item.size);
}
