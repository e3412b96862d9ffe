/** What takes most room: files, or folders with all that is in them. */

import { el } from "./dom.js";
import { numberWords, sizeWords } from "./format.js";
import { itemRow } from "./itemrow.js";
import { Listing } from "./lists.js";

const KINDS = Object.freeze([
  ["file", "Files"],
  ["directory", "Folders"],
]);

/** Show the page. */
export function start() {
  let kind = new URLSearchParams(location.search).get("kind") === "directory" ? "directory" : "file";
  let most = 0;
  const listing = new Listing({
    title: "Largest",
    call: "largest",
    from: "after",
    parameters: () => ({ kind }),
    look: "rows rows-bars",
    row: (item, { rows }) => {
      most = Math.max(rows[0]?.size ?? 0, 1);
      return sizeRow(item, most);
    },
    empty: () => (kind === "file" ? "There are no files yet." : "There are no folders yet."),
  });
  const option = ([name, label]) => {
    const click = () => {
      kind = name;
      history.replaceState(null, "", name === "file" ? location.pathname : `?kind=${name}`);
      for (const button of buttons) {
        button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
      }
      listing.begin();
    };
    const pressed = { "aria-pressed": String(kind === name), dataset: { kind: name } };
    const look = { type: "button", class: "switch-option", ...pressed };
    return el("button", { ...look, on: { click } }, label);
  };
  const buttons = KINDS.map(option);
  const named = { class: "switch", role: "group", "aria-label": "What is listed" };
  listing.head.append(el("div", named, buttons));
  return listing.show();
}

function sizeRow(item, most) {
  const bar = el("span", { class: "size-bar", "aria-hidden": "true" });
  bar.style.inlineSize = `${Math.max(0.5, (100 * item.size) / most)}%`;
  const files = item.files === undefined ? "" : `, ${numberWords(item.files)} files`;
  const row = itemRow(item, { note: `${sizeWords(item.size)}${files}` });
  row.append(el("span", { class: "size-track", "aria-hidden": "true" }, bar));
  return row;
}
