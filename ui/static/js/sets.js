/** All sets as covers, and a new one. */

import { create, findSets, isWritable, READ_ONLY } from "./acts.js";
import { ask } from "./dialog.js";
import { el } from "./dom.js";
import { numberWords } from "./format.js";
import { titleOf } from "./itemrow.js";
import { thingUrl, thumbnailUrl } from "./page.js";
import { kindDrawing } from "./tile.js";
import { explain, say } from "./toast.js";

const TYPING_PAUSE = 150; // milliseconds
const MOST = 1000;

/** Show the page. */
export async function start() {
  await new Sets(document.getElementById("main")).reload();
}

class Sets {
  constructor(main) {
    this.find = el("input", {
      class: "field",
      type: "search",
      placeholder: "Find a set",
      "aria-label": "Find a set",
      on: { input: () => this.#soon(TYPING_PAUSE) },
    });
    const click = () => newSet();
    const look = { type: "button", class: "button button-primary", on: { click } };
    this.list = el("ul", { class: "covers", "aria-label": "Sets" });
    this.note = el("p", { class: "list-note soft", role: "status" });
    const button = el("button", look, "New set");
    const head = el("header", { class: "list-head" }, el("h1", {}, "Sets"), this.find, button);
    main.append(el("section", { class: "text wide list-page" }, head, this.list, this.note));
    window.addEventListener("holdfast:changed", () => this.#soon(200));
  }

  #soon(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reload(), milliseconds);
  }

  async reload() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const text = this.find.value.trim();
    try {
      const sets = await findSets(text, signal, MOST);
      if (signal.aborted) return;
      this.list.replaceChildren(...sets.map(cover));
      const none = text ? "No set of that name." : "There is no set yet.";
      this.note.textContent = sets.length ? "" : none;
    } catch (error) {
      if (!signal.aborted) this.note.textContent = explain(error, "The sets could not be listed");
    }
  }
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
