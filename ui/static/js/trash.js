/** What was moved to the trash, the latest first; put back by a button. */

import { counted, isWritable, offerUndo, undo } from "./acts.js";
import { el } from "./dom.js";
import { momentWords } from "./format.js";
import { itemRow, titleOf } from "./itemrow.js";
import { Listing } from "./lists.js";
import { sayError } from "./toast.js";

/** Show the page. */
export function start() {
  const listing = new Listing({
    title: "Trash",
    intro: "Nothing here is gone: it is only not shown elsewhere, and can be put back.",
    call: "trash",
    row: trashRow,
    empty: "The trash is empty.",
  });
  if (isWritable()) {
    const click = () => restore(listing.rows, listing);
    const all = el("button", { type: "button", class: "button", hidden: true, on: { click } });
    listing.head.append(all);
    listing.onRows = (rows) => {
      all.hidden = rows.length < 2;
      all.textContent = listing.next === null ? "Restore all" : `Restore these ${rows.length}`;
    };
  }
  return listing.show();
}

function trashRow(item, listing) {
  const click = () => restore([item], listing);
  const label = `Restore ${titleOf(item)}`;
  const named = { type: "button", class: "button button-small", "aria-label": label };
  return itemRow(item, {
    note: `Moved here ${momentWords(item.deletedAt)}`,
    end: isWritable() && el("button", { ...named, on: { click } }, "Restore"),
  });
}

async function restore(items, listing) {
  const claims = items.flatMap(({ deleteClaims, deleteClaim }) => deleteClaims ?? [deleteClaim]);
  const what = items.length === 1 ? titleOf(items[0]) : counted(items.length, "thing");
  try {
    offerUndo(`Restored ${what}`, { claims: await undo(claims) }, () => listing.reloadSoon());
    listing.reloadSoon();
  } catch (error) {
    sayError(error, `${what} could not be restored`);
  }
}
