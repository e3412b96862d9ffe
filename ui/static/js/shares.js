/** All links that were given away: what each opens, whether it still does, and an end to it. */

import { counted } from "./acts.js";
import { confirm } from "./dialog.js";
import { el } from "./dom.js";
import { Listing } from "./lists.js";
import { revoke, shareRow } from "./sharerow.js";

/** Show the page. */
export function start() {
  const listing = new Listing({
    title: "Shares",
    intro: "Links to some of your things. Whoever has one sees what it opens, and nothing else.",
    call: "shares",
    member: "shares",
    row: (share) => shareRow(share, () => listing.reloadSoon()),
    empty: "Nothing is shared. Select things, or open one, and choose Share.",
  });
  const click = () => revokeAll(listing);
  const look = { type: "button", class: "button tone-danger", hidden: true, on: { click } };
  const all = el("button", look, "Revoke all");
  listing.head.append(all);
  listing.onRows = (rows) => {
    all.hidden = rows.filter(({ state }) => state === "open").length < 2;
  };
  return listing.show();
}

async function revokeAll(listing) {
  const open = listing.rows.filter(({ state }) => state === "open");
  const title = `Revoke ${counted(open.length, "share")}?`;
  const options = { submit: "Revoke all", tone: "danger" };
  if (await confirm(title, "Their links will open nothing any longer.", options)) {
    await revoke(open, () => listing.reloadSoon());
  }
}
