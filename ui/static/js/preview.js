/** What a thing looks or sounds like, as far as a browser may show it. */

import { el } from "./dom.js";
import { request } from "./http.js";
import { fileUrl, isShown, thumbnailUrl } from "./page.js";
import { kindDrawing } from "./tile.js";

/** How much of a text is shown. */
const MOST_TEXT = 64 * 1024;

/**
 * @param {import("./page.js").Item} item
 * @returns {HTMLElement|null} null where there is nothing to be seen
 */
export function previewOf(item) {
  if (!item.content) return null;
  const make = { image: picture, video: film, audio: sound, document: text, file: text }[item.kind];
  const shown = make?.(item);
  return shown ? el("figure", { class: `preview preview-${item.kind}` }, shown) : null;
}

function picture(item) {
  const { cover, title, name, width, height } = item;
  const shown = el("img", {
    src: thumbnailUrl(cover ?? item.content, 1000),
    srcset: [1000, 2000]
      .map((high) => `${thumbnailUrl(cover ?? item.content, high)} ${high / 1000}x`)
      .join(", "),
    alt: title || name || "Picture",
    width: width || null,
    height: height || null,
  });
  shown.addEventListener("error", () => shown.replaceWith(card(item, "It cannot be drawn")));
  if (!isShown(item)) return shown;
  const href = fileUrl(item, { inline: true });
  return el("a", { href, title: "Open the original" }, shown);
}

function film(item) {
  return el("video", {
    src: fileUrl(item, { inline: true }),
    poster: item.cover ? thumbnailUrl(item.cover, 750) : null,
    controls: true,
    preload: "metadata",
    playsinline: true,
    width: item.width || null,
    height: item.height || null,
    "aria-label": item.title || item.name || "Video",
  });
}

function sound(item) {
  const label = item.title || item.name || "Recording";
  const src = fileUrl(item, { inline: true });
  return el("audio", { src, controls: true, preload: "metadata", "aria-label": label });
}

function text(item) {
  if (item.mime === "application/pdf") {
    const link = { class: "button", href: fileUrl(item), download: "" };
    return card(item, el("a", link, "Download the PDF"));
  }
  if (!/^text\/|json|xml|yaml/.test(item.mime)) return card(item, item.mime);
  const label = "Beginning of the text";
  const shown = el("pre", { class: "preview-text", tabindex: 0, "aria-label": label }, "…");
  readText(item).then(
    (words) => {
      shown.textContent = words;
    },
    () => shown.replaceWith(card(item, "It cannot be shown")),
  );
  return shown;
}

async function readText(item) {
  const headers = { Range: `bytes=0-${MOST_TEXT - 1}` };
  if (!item.size) return "";
  const answer = await request("GET", fileUrl(item, { inline: true }), { headers });
  const words = await answer.text();
  return item.size > MOST_TEXT ? `${words}\n…` : words;
}

function card(item, words) {
  return el("div", { class: "preview-card" }, kindDrawing(item), el("span", {}, words));
}
