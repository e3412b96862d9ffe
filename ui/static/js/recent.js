/** What was added last, whenever it was made. */

import { el } from "./dom.js";
import { dayWords } from "./format.js";
import { itemRow } from "./itemrow.js";
import { Listing } from "./lists.js";

/** Show the page. */
export function start() {
  return new Listing({
    title: "Recently added",
    call: "recent",
    row: (item) => itemRow(item, { note: noteOf(item) }),
    look: "rows rows-cards",
    empty: "Nothing has been added yet.",
  }).show();
}

function noteOf({ time, tags }) {
  const words = dayWords(time);
  const shown = tags.slice(0, 3).map((tag) => el("span", { class: "badge" }, tag));
  return [words, " ", shown];
}
