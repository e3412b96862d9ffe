/** What a thing is called on its own page, and what it is. */

import { momentWords, numberWords } from "./format.js";
import { titleOf } from "./itemrow.js";

const KINDS = Object.freeze({
  image: "Photo",
  video: "Video",
  audio: "Recording",
  document: "Document",
  file: "File",
  folder: "Folder",
  set: "Set",
  other: "Thing",
});

/** What is no thing of a person's, but a part of how such are stored. */
const TYPES = Object.freeze({
  bytes: "Part of a file",
  claim: "Claim",
  data: "Data",
  fifo: "Pipe",
  socket: "Socket",
  "static-set": "List of refs",
  symlink: "Link",
});

/** Types of which there are things: all others are parts of how these are stored. */
const THINGS = Object.freeze(["permanode", "file", "directory"]);

/** Whether it is a blob that only those look at who want to know how things are stored. */
export function isPart(type) {
  return type !== null && !THINGS.includes(type);
}

/** @param {import("./page.js").Item} item @param {string|null} type null if it is not known yet */
export function nameOf(item, type) {
  if (!isPart(type) || item.title || item.name) return titleOf(item);
  return TYPES[type] ?? `Blob of the type ${type}`;
}

/** @param {import("./page.js").Item} item @param {string|null} type */
export function aboutWords({ kind, count, time, ref }, type) {
  if (isPart(type)) return ref;
  const parts = [KINDS[kind] ?? KINDS.other];
  if (count !== null) parts.push(`${numberWords(count)} ${count === 1 ? "item" : "items"}`);
  if (time) parts.push(momentWords(time));
  return parts.join(" · ");
}
