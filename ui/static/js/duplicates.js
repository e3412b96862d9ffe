/** Contents that are there more than once, and help with choosing which to keep. */

import { act, counted, isWritable, makeClaims } from "./acts.js";
import { el } from "./dom.js";
import { dayWords, sizeWords } from "./format.js";
import { smallPicture, titleOf } from "./itemrow.js";
import { Listing } from "./lists.js";
import { thingUrl } from "./page.js";
import { isBare } from "./permanodes.js";

/**
 * @typedef {object} Group
 * @property {number} size of one of them
 * @property {import("./page.js").Item[]} items that all have the same contents
 * @property {boolean} more whether there are more than these
 */

/** Show the page. */
export function start() {
  return new Listing({
    title: "Duplicates",
    intro:
      "Things with the same contents. The contents are kept once however many there are, so this " +
      "saves little room, but it tidies up. What you move to the trash can be put back.",
    call: "duplicates",
    member: "groups",
    from: "after",
    piece: 20,
    row: (group, listing) => new Chooser(group, listing).element,
    look: "duplicate-groups",
    empty: "Nothing is there twice.",
  }).show();
}

/** What is proposed to stay comes first: the oldest; of the same age, that with most tags. */
function byWorth(one, other) {
  const [time, otherTime] = [one.time ?? "~", other.time ?? "~"];
  if (time !== otherTime) return time < otherTime ? -1 : 1;
  return other.tags.length - one.tags.length;
}

/** One group, with a mark at those that are to go. */
class Chooser {
  /** @param {Group} group @param {Listing} listing */
  constructor({ items, size, more }, listing) {
    this.items = items;
    this.listing = listing;
    this.boxes = new Map();
    const things = items.filter((item) => !isBare(item));
    // Of those in folders nothing can go.
    const younger = [...things].sort(byWorth).slice(1);
    const proposed = things.length === items.length ? younger : [];
    const going = new Set(proposed.map(({ ref }) => ref));
    const click = () => this.#delete();
    this.button = el("button", { type: "button", class: "button tone-danger", on: { click } });
    const rows = items.map((item) => this.#row(item, going.has(item.ref)));
    const extra = sizeWords(size ?? items[0]?.size ?? 0);
    this.element = el(
      "li",
      { class: "card duplicate-group" },
      el(
        "div",
        { class: "list-head" },
        el("h2", {}, `${more ? "More than " : ""}${counted(items.length, "time")}, ${extra} each`),
        isWritable() && this.button,
      ),
      el("ul", { class: "rows" }, rows),
    );
    this.#refresh();
  }

  #row(item, isGoing) {
    const title = titleOf(item);
    const bare = isBare(item);
    const box = el("input", {
      type: "checkbox",
      checked: isGoing,
      disabled: bare || !isWritable(),
      "aria-label": `Move ${title} to the trash`,
      on: { change: () => this.#refresh() },
    });
    this.boxes.set(item.ref, box);
    const tags = item.tags.map((tag) => el("span", { class: "badge" }, tag));
    const note = bare ? "In a folder, which never changes" : [dayWords(item.time), " ", tags];
    return el(
      "li",
      { class: "row" },
      el("label", { class: "row-check" }, box),
      el(
        "a",
        { class: "row-link", href: thingUrl(item) },
        smallPicture(item),
        el(
          "span",
          { class: "row-words" },
          el("span", { class: "row-title", dir: "auto" }, title),
          el("span", { class: "row-note" }, note),
        ),
      ),
    );
  }

  get #going() {
    return this.items.filter(({ ref }) => this.boxes.get(ref).checked);
  }

  #refresh() {
    const count = this.#going.length;
    const all = count === this.items.length;
    this.button.disabled = count === 0;
    this.button.textContent = all ? "Move all to trash" : `Move ${count} to trash`;
  }

  async #delete() {
    const going = this.#going;
    const claims = going.map(({ ref }) => ({ act: "delete", target: ref }));
    await act({
      doing: "Moving to trash",
      done: `Moved ${counted(going.length, "thing")} to trash`,
      run: async (told) => ({ claims: await makeClaims(claims, told) }),
      onUndone: () => this.listing.reloadSoon(),
    });
    this.listing.reloadSoon();
  }
}
