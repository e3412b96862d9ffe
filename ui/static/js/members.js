/** What is in a set, as a grid. */

import { hasChanged } from "./acts.js";
import { el } from "./dom.js";
import { showTimeline } from "./gallery.js";
import { titleOf } from "./itemrow.js";
import { page } from "./page.js";
import { Timeline } from "./timeline.js";

/**
 * @param {HTMLElement} place
 * @param {import("./page.js").Item} set
 * @param {{name: string, values: string[]}[]} attributes of the set
 */
export async function showMembers(place, set, attributes) {
  const { ref } = set;
  const title = titleOf(set);
  const grid = el("div", { id: "grid" });
  const empty = el(
    "p",
    { class: "place-empty", hidden: true },
    set.count
      ? "What is in it is in the trash, or not here. Drop files here, or add things from elsewhere."
      : "Nothing is in it yet. Drop files here, or select things elsewhere and add them.",
  );
  place.append(el("section", { class: "gallery" }, grid, empty));
  const source = new Timeline({ within: ref, first: page.first ?? null });
  const within = { ref, title, paths: pathsIn(attributes) };
  const shown = await showTimeline(grid, source, { label: `In ${title}`, within });
  const look = () => {
    empty.hidden = shown.total > 0 || shown.source.isOpen;
  };
  shown.addEventListener("layout", look);
  look();
  // Something may have been dropped before the grid was there to hear of it.
  if (hasChanged()) await shown.renew();
}

/** By which attribute those are in a set that are in it by a name. */
function pathsIn(attributes) {
  const named = attributes.filter(({ name }) => name.startsWith("camliPath:"));
  return new Map(named.flatMap(({ name, values }) => values.map((value) => [value, name])));
}
