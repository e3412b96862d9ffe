/** The pages of shares: what a visitor sees who was given a link. */

import { el } from "./dom.js";
import { fileUrl, page } from "./page.js";

/** Bytes of a text that are shown. */
const MOST_TEXT = 100_000;

/** Shows the page. */
export async function start() {
  if (page.layout === "gallery") await showGallery();
  else if (page.layout === "folder") await showFolder();
  else if (page.layout === "file") await showText();
}

async function showGallery() {
  const element = document.getElementById("grid");
  if (!element) return; // nothing is in it
  const [{ showTimeline }, { Timeline }] = await Promise.all([
    import("./gallery.js"),
    import("./timeline.js"),
  ]);
  const source = new Timeline({ within: page.in ?? "", first: page.first });
  await showTimeline(element, source, { label: page.title || "What is shared" });
}

async function showFolder() {
  const folder = await import("./sharefolder.js");
  folder.start();
}

/** The beginning of a text; but not where that would be one of few downloads. */
async function showText() {
  const { item, counted } = page;
  const isText = item.kind === "document" && item.mime.startsWith("text/");
  if (!isText || counted) return;
  const response = await fetch(fileUrl(item, { inline: true }), {
    headers: item.size ? { Range: `bytes=0-${MOST_TEXT - 1}` } : {},
  });
  if (!response.ok) return;
  const text = el("pre", { tabindex: "0", dir: "auto", "aria-label": page.title });
  text.textContent = await response.text();
  if ((item.size ?? 0) > MOST_TEXT) text.append("\n…");
  document.getElementById("file").replaceChildren(text);
}
