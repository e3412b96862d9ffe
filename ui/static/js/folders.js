/** The places to begin at: folders that are kept as things, and the largest of all others. */

import { api } from "./acts.js";
import { el } from "./dom.js";
import { getJson } from "./http.js";
import { itemRow } from "./itemrow.js";
import { page } from "./page.js";
import { explain } from "./toast.js";

/** Permanodes of folders, and the roots that are mounted. */
const KEPT = `raw:${JSON.stringify({
  logical: {
    op: "or",
    a: having("camliContent", { valueInSet: { camliType: "directory" } }),
    b: having("camliRoot", { numValue: { min: 1 } }),
  },
})}`;

const MOST_OTHERS = 50;

function having(attr, more) {
  return { permanode: { skipHidden: true, attr, ...more } };
}

/** Show the page. */
export async function start() {
  const main = document.getElementById("main");
  const kept = el("ul", { class: "rows rows-cards", "aria-label": "Folders" });
  const others = el("ul", { class: "rows rows-cards", "aria-label": "Largest folders" });
  const note = el("p", { class: "list-note soft", role: "status" });
  const more = el("section", { hidden: true }, el("h2", {}, "Largest folders"), others);
  const head = el("header", { class: "list-head" }, el("h1", {}, "Folders"));
  main.append(el("section", { class: "text wide list-page" }, head, kept, note, more));
  const load = async () => {
    try {
      const found = await keptFolders();
      kept.replaceChildren(...found.map((item) => itemRow(item)));
      const seen = new Set(found.flatMap(({ ref, content }) => [ref, content]));
      const largest = await largestFolders(seen);
      others.replaceChildren(...largest.map((item) => itemRow(item)));
      more.hidden = !largest.length;
      const none = "No folder is kept yet. Store one with holdfast put.";
      note.textContent = found.length || largest.length ? "" : none;
    } catch (error) {
      note.textContent = explain(error, "The folders could not be listed");
    }
  };
  window.addEventListener("holdfast:changed", load);
  await load();
}

async function keptFolders() {
  return (await getJson(page.urls.items, { q: KEPT, limit: 500 })).items;
}

async function largestFolders(seen) {
  const { items } = await getJson(api("largest"), { kind: "directory", limit: MOST_OTHERS });
  return items.filter(({ ref }) => !seen.has(ref));
}
