/** Things that carry attributes for files that have none yet: an entry of a folder, say. */

import { create } from "./acts.js";

/**
 * Whether this is a file or folder itself, so that nothing can be claimed about it.
 * @param {import("./page.js").Item} item
 */
export function isBare(item) {
  return item.content === item.ref;
}

/**
 * The same items, each with a permanode: those that had none are given one.
 * @param {import("./page.js").Item[]} items
 * @returns {Promise<{items: import("./page.js").Item[], things: string[]}>} and those permanodes
 */
export async function withPermanodes(items) {
  const things = [];
  const given = [];
  for (const item of items) {
    if (isBare(item)) {
      const ref = await create([["camliContent", item.ref]]);
      things.push(ref);
      given.push({ ...item, ref, tags: [] });
    } else {
      given.push(item);
    }
  }
  return { items: given, things };
}
