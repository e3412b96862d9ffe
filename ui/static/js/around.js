/** What is around a thing: what it is in, what it names, what names it, who may see it. */

import { el } from "./dom.js";
import { itemRow } from "./itemrow.js";
import { shareRow } from "./sharerow.js";

/** A part of the page. @param {string} title @param {...any} content */
export function side(title, ...content) {
  return el("section", { class: "side" }, el("h2", {}, title), content);
}

/**
 * Where something is told in part.
 * @param {string} words @param {string} [search] what finds the rest
 */
function partly(words, search) {
  const find = search && el("a", { href: `/ui/?q=${encodeURIComponent(search)}` }, "Find them all");
  return el("p", { class: "soft small" }, words, find && " ", find);
}

export class Around {
  /** @param {() => void} onShares  Some share is another one. */
  constructor(onShares) {
    this.onShares = onShares;
    this.element = el("div", { class: "thing-relations" });
    this.shown = "";
  }

  /** @param {any} thing as the server tells of it @param {string|null} at the time looked at */
  update({ item, members, parents, folders, references, shares, cut }, at) {
    const told = JSON.stringify([members, parents, folders, references, shares, cut]);
    if (told === this.shown) return;
    this.shown = told;
    const named = (outgoing) => references.filter((one) => Boolean(one.outgoing) === outgoing);
    const row = (one) => itemRow(one);
    const by = (one) => itemRow(one, { note: one.by });
    const has = (name) => cut.includes(name);
    const first = (rows) => `Only ${rows.length} are shown.`;
    const above = `raw:${JSON.stringify(holding(item.ref))}`;
    const sections = [
      at !== null && listed("In it then", members ?? [], row, has("members") && first(members)),
      listed("In these sets", parents, row, has("parents") && first(parents), above),
      listed("In these folders", folders, row, has("folders") && first(folders)),
      listed("It names", named(true), by),
      listed("Named by", named(false), by, has("references") && first(named(false))),
      // They are of now, and can be revoked.
      at === null && listed("Shares", shares, (one) => shareRow(one, this.onShares)),
    ].filter(Boolean);
    this.element.replaceChildren(...sections);
    this.element.hidden = !sections.length;
  }
}

function listed(title, things, row, more, search) {
  if (!things.length) return null;
  return side(title, el("ul", { class: "rows" }, things.map(row)), more && partly(more, search));
}

/** What has something as a member or by path. */
function holding(ref) {
  return { permanode: { relation: { relation: "child", any: { blobRefPrefix: ref } } } };
}
