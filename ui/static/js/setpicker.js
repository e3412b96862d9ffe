/** The dialog that asks for a set: one of those there are, or a new one. */

import { act, counted, create, findSets, makeClaims } from "./acts.js";
import { ask } from "./dialog.js";
import { drawing, el } from "./dom.js";
import { thumbnailUrl } from "./page.js";
import { withPermanodes } from "./permanodes.js";
import { explain } from "./toast.js";

const TYPING_PAUSE = 120; // milliseconds
const PLUS = "M12 5v14M5 12h14";
const STACK = "M7 4h10M5 7h14M4 10h16v10H4z";

/**
 * Ask for a set and put things into it.
 * @param {import("./page.js").Item[]} items
 * @returns {Promise<boolean>} whether it was done
 */
export async function addToSet(items) {
  const chosen = await pickSet(`Add ${counted(items.length, "thing")} to a set`);
  if (!chosen) return false;
  const title = chosen.title || "the set";
  return act({
    doing: `Adding to ${title}`,
    done: `Added ${counted(items.length, "thing")} to ${title}`,
    run: (told) => fill(chosen, items, told),
  });
}

async function fill(chosen, items, told) {
  const { items: members, things } = await withPermanodes(items);
  const refs = members.map(({ ref }) => ref);
  if (!chosen.ref) {
    return { things: [...things, await create([["title", chosen.title]], refs, told)] };
  }
  const adding = refs
    .filter((ref) => ref !== chosen.ref) // no set is in itself
    .map((value) => ({ permanode: chosen.ref, act: "add", attribute: "camliMember", value }));
  return { claims: await makeClaims(adding, told), things };
}

/**
 * Ask for a set.
 * @param {string} title of the dialog
 * @returns {Promise<{ref: string, title: string}|{ref: null, title: string}|null>} `ref` is null
 *   for one that is to be made
 */
export async function pickSet(title) {
  const picker = new SetPicker();
  const dialog = ask({
    title,
    submit: "",
    className: "set-picker",
    content: picker.content,
    onSubmit: () => picker.first(),
  });
  picker.onPick = (chosen) => dialog.close(chosen);
  picker.seek();
  return dialog.closed;
}

class SetPicker {
  constructor() {
    this.input = el("input", {
      class: "field",
      type: "search",
      autocomplete: "off",
      on: {
        input: () => this.#seekSoon(),
        keydown: (event) => this.#onKey(event),
      },
    });
    this.list = el("ul", { class: "set-list", "aria-label": "Sets" });
    this.list.addEventListener("keydown", (event) => this.#onKey(event));
    this.note = el("p", { class: "hint", role: "status" });
    const label = el("label", { class: "field-label" }, "Name of the set", this.input);
    this.content = [label, this.note, this.list];
    this.onPick = () => {};
  }

  /** Enter in the field takes the first that is shown. */
  first() {
    this.list.querySelector("button")?.click();
    return undefined;
  }

  async seek() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const text = this.input.value.trim();
    try {
      const sets = await findSets(text, signal);
      if (!signal.aborted) this.#show(text, sets);
    } catch (error) {
      if (!signal.aborted) this.note.textContent = explain(error, "The sets could not be listed");
    }
  }

  #seekSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.seek(), TYPING_PAUSE);
  }

  #show(text, sets) {
    const same = sets.some(({ title }) => title.toLowerCase() === text.toLowerCase());
    const rows = sets.map((set) => this.#row(set));
    if (text && !same) rows.push(this.#newRow(text));
    this.list.replaceChildren(...rows);
    this.note.textContent = text
      ? ""
      : sets.length
        ? "Type to find a set, or the name of a new one."
        : "There is no set yet. Type the name of the first.";
  }

  #row(set) {
    const picture = set.cover
      ? el("img", { src: thumbnailUrl(set.cover, 64), alt: "", loading: "lazy" })
      : drawing(STACK);
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "set-row", on: { click: () => this.onPick(set) } },
        el("span", { class: "set-row-cover" }, picture),
        el("span", { class: "set-row-title" }, set.title || "Untitled set"),
        set.count !== null && el("span", { class: "choice-note" }, set.count.toLocaleString()),
      ),
    );
  }

  #newRow(title) {
    const click = () => this.onPick({ ref: null, title });
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "set-row set-row-new", on: { click } },
        el("span", { class: "set-row-cover" }, drawing(PLUS)),
        el("span", { class: "set-row-title" }, `New set “${title}”`),
      ),
    );
  }

  /** Arrows go from the field into the list and back. */
  #onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const stops = [this.input, ...this.list.querySelectorAll("button")];
    const at = stops.indexOf(document.activeElement) + step;
    stops[Math.max(0, Math.min(at, stops.length - 1))].focus();
  }
}
