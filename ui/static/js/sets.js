/** All sets as covers, and a new one. */

import { create, isWritable, READ_ONLY } from "./acts.js";
import { ask } from "./dialog.js";
import { el } from "./dom.js";
import { numberWords } from "./format.js";
import { titleOf } from "./itemrow.js";
import { Listing } from "./lists.js";
import { thingUrl, thumbnailUrl } from "./page.js";
import { kindDrawing } from "./tile.js";
import { say } from "./toast.js";

const TYPING_PAUSE = 150; // milliseconds

/** Show the page. */
export function start() {
  const listing = new Listing({
    title: "Sets",
    call: "sets",
    parameters: () => ({ match: find.value.trim() }),
    row: cover,
    look: "covers",
    empty: () => (find.value.trim() ? "No set of that name." : "There is no set yet."),
  });
  let timer;
  const input = () => {
    clearTimeout(timer);
    timer = setTimeout(() => listing.begin(), TYPING_PAUSE);
  };
  const find = el("input", {
    class: "field",
    type: "search",
    placeholder: "Find a set",
    "aria-label": "Find a set",
    on: { input },
  });
  const look = { type: "button", class: "button button-primary", on: { click: () => newSet() } };
  listing.head.append(find, el("button", look, "New set"));
  return listing.show();
}

function cover(set) {
  const count = set.count ?? 0;
  const picture = set.cover
    ? el("img", { src: thumbnailUrl(set.cover, 375), alt: "", loading: "lazy", decoding: "async" })
    : kindDrawing(set);
  const words = `${numberWords(count)} ${count === 1 ? "item" : "items"}`;
  return el(
    "li",
    {},
    el(
      "a",
      { class: "cover", href: thingUrl(set) },
      el("span", { class: "cover-picture" }, picture),
      el("span", { class: "cover-title", dir: "auto" }, titleOf(set)),
      el("span", { class: "cover-count" }, words),
    ),
  );
}

async function newSet() {
  if (!isWritable()) return void say(READ_ONLY);
  const title = el("input", { class: "field", required: true, maxlength: 300 });
  const made = await ask({
    title: "New set",
    submit: "Make it",
    content: [el("label", { class: "field-label" }, "Title", title)],
    onSubmit: () => create([["title", title.value.trim()]]),
  }).closed;
  if (made) location.assign(`/ui/${made}`);
  return undefined;
}
