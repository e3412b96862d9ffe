/** One attribute of a thing being changed, while others may change it too. */

import { act, api, makeClaims } from "./acts.js";
import { getJson } from "./http.js";

/** Values whose order is kept at any price: of more, one that is changed goes to the end. */
const MOST_ORDERED = 50;

/**
 * The fewest claims that make one list of values another, their order kept.
 * @param {string} permanode
 * @param {string} attribute
 * @param {string[]} before
 * @param {string[]} after
 * @returns {import("./acts.js").Claim[]}
 */
export function claimsBetween(permanode, attribute, before, after) {
  const claim = (act, value) => ({ permanode, act, attribute, value });
  if (isSame(before, after)) return [];
  if (!after.length) return [{ permanode, act: "del", attribute }];
  if (before.length && before.every((value, at) => after[at] === value)) {
    return after.slice(before.length).map((value) => claim("add", value));
  }
  const [gone] = before.filter((value) => !after.includes(value));
  const left = before.filter((value) => value !== gone);
  // No claim removes an empty value by its text.
  if (gone && isSame(left, after)) return [claim("del", gone)];
  const [come] = after.filter((value) => !before.includes(value));
  if (gone && come && before.length > MOST_ORDERED && before.length === after.length) {
    const others = after.filter((value) => value !== come);
    if (isSame(left, others)) return [claim("del", gone), claim("add", come)];
  }
  const [first, ...rest] = after;
  return [claim("set", first), ...rest.map((value) => claim("add", value))];
}

function isSame(some, others) {
  return some.length === others.length && some.every((value, at) => value === others[at]);
}

/**
 * Change one attribute, with an offer to undo it.
 * @param {string} ref
 * @param {string} name
 * @param {string[]} before
 * @param {string[]} after
 * @returns {Promise<boolean>} whether it was done
 */
export function changeAttribute(ref, name, before, after) {
  const claims = claimsBetween(ref, name, before, after);
  if (!claims.length) return Promise.resolve(true);
  return act({
    doing: `Saving ${name}`,
    done: after.length ? `Saved ${name}` : `Removed ${name}`,
    run: async () => ({ claims: await makeClaims(claims) }),
  });
}

/**
 * What a thing has under one name, said by anybody who counts.
 * @param {{name: string, values: string[], derived: boolean}[]} attributes
 * @param {string} name
 * @returns {string[]}
 */
export function valuesOf(attributes, name) {
  return attributes.find((one) => one.name === name && !one.derived)?.values ?? [];
}

/**
 * Something that is being edited: which value of an attribute, and what stood there.
 */
export class Editing {
  /** @param {string} name @param {number} at @param {string[]} before @param {InPlace} field */
  constructor(name, at, before, field) {
    this.name = name;
    this.at = at;
    this.before = before;
    this.field = field;
    this.isSaving = false;
  }

  /**
   * Whoever edits is told if the value is another one by now; others may come and go beside it.
   * @param {string[]} now
   * @returns {boolean} whether it is the same value still
   */
  follow(now) {
    const { before, at } = this;
    if (this.isSaving || isSame(now, before)) return true;
    this.before = now;
    if (at >= before.length) {
      this.at = now.length;
      return true;
    }
    const found = now[at] === before[at] ? at : now.indexOf(before[at]);
    if (found >= 0) {
      this.at = found;
      return true;
    }
    const isChanged = now.length >= before.length;
    this.at = isChanged ? at : now.length;
    this.field.conflict(isChanged ? now[at] : null);
    return false;
  }

  /**
   * Save it, if nothing has happened to it that the page has not heard of.
   * @param {string} ref @param {string} value
   * @returns {Promise<string[]|null>} the values by then, or null if it was not saved
   */
  async save(ref, value) {
    try {
      const { attributes } = await getJson(api("thing"), { ref });
      if (!this.follow(valuesOf(attributes, this.name))) return null;
    } catch {
      // Saving will tell what is wrong.
    }
    const after = [...this.before];
    if (this.at < after.length) after[this.at] = value;
    else after.push(value);
    const said = after.filter((one, at) => one !== "" || at !== this.at);
    this.isSaving = true;
    const done = await changeAttribute(ref, this.name, this.before, said);
    this.isSaving = false;
    return done ? said : null;
  }
}
