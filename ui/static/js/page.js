/**
 * What the server says about the page that is shown: the one reader of the JSON island.
 *
 * @typedef {object} Item  One tile: a picture, a film, a file, a folder, a set.
 * @property {string} ref
 * @property {"image"|"video"|"audio"|"document"|"file"|"folder"|"set"|"other"} kind
 * @property {string} title
 * @property {string|null} content  The file or folder itself, where `ref` is a permanode.
 * @property {string} name  The file's name, or "".
 * @property {string} mime
 * @property {number|null} size  In bytes.
 * @property {number} width  As shown, 0 if unknown.
 * @property {number} height
 * @property {string|null} time  RFC 3339, in UTC.
 * @property {number|null} seconds  How long it plays.
 * @property {number|null} count  Members of a set, entries of a folder.
 * @property {string|null} cover  The file whose thumbnail stands for it.
 * @property {string[]} tags
 */

const island = document.getElementById("page");

/** The page's data: `view`, `urls`, `csrf`, `writable`, `stamp`, and what the view needs. */
export const page = Object.freeze(island ? JSON.parse(island.textContent) : { view: "", urls: {} });

/** The heights thumbnails are made in. */
export const HEIGHTS = Object.freeze([64, 128, 256, 375, 500, 750, 1000, 1500, 2000]);

/** Changes when thumbnails are made otherwise, so that no old one is taken from a cache. */
const THUMBNAIL_VERSION = 3;

/** Pictures every browser shows; of all others only thumbnails can be seen. */
const SHOWN = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"]);

/**
 * The least of the fixed heights that is at least `pixels`, or the greatest there is.
 * @param {number} pixels
 */
export function thumbnailHeight(pixels) {
  return HEIGHTS.find((height) => height >= pixels) ?? HEIGHTS[HEIGHTS.length - 1];
}

/**
 * The address of a thumbnail that is at least `pixels` high.
 * @param {string} ref  Of a file.
 * @param {number} pixels
 */
export function thumbnailUrl(ref, pixels) {
  const height = thumbnailHeight(pixels);
  return `${page.urls.thumbnail}${ref}/t?mh=${height}&tv=${THUMBNAIL_VERSION}`;
}

/**
 * The address of a file's bytes, to keep or (`inline`) to show.
 * @param {Item} item
 * @param {{inline?: boolean}} [how]
 */
export function fileUrl(item, { inline = false } = {}) {
  const name = encodeURIComponent(item.name || item.title || "file");
  return `${page.urls.file}${item.content ?? item.ref}/${name}${inline ? "?inline=1" : ""}`;
}

/**
 * The address of the page of one thing. Where there are no such pages, as on shares, the thing is
 * shown over the one that is there.
 * @param {Item} item
 */
export function thingUrl(item) {
  const pages = page.urls.thing ?? (page.urls.api ? "/ui/" : null);
  return pages === null ? `#view=${item.ref}` : `${pages}${item.ref}`;
}

/**
 * Whether the browser can show the original itself, and may without being asked: on shares with a
 * number of downloads that would be one of them.
 * @param {Item} item
 */
export function isShown(item) {
  return item.kind === "image" && SHOWN.has(item.mime) && !page.counted;
}
