/** The attributes of a thing, changed where they stand. */

import { act, findTags, isWritable, makeClaims } from "./acts.js";
import { Combobox } from "./combobox.js";
import { drawing, el } from "./dom.js";
import { InPlace } from "./inplace.js";

const PEN = "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3";
const CROSS = "M6 6l12 12M18 6L6 18";
const PLUS = "M12 5v14M5 12h14";

const REF = /^(?:sha1|sha224|sha256|blake3)-[0-9a-f]{40,128}$/;
const WEB = /^https?:\/\/[^\s<>"]+$/;

/** Values of one attribute that are shown at first. */
const MOST_SHOWN = 50;

const FIRST = Object.freeze(["title", "description", "tag"]);

/** What people often say of things, offered when a name is asked for. */
const COMMON = Object.freeze([
  ...["title", "tag", "description", "author", "rating", "source", "latitude", "longitude"],
  ...["startDate", "camliContent", "camliContentImage", "camliDefVis", "camliMember", "camliRoot"],
]);

/** What people say stands first, what programs say behind it. */
function rank({ name, derived }) {
  const at = FIRST.indexOf(name);
  if (derived) return FIRST.length + 2;
  if (at >= 0) return at;
  return FIRST.length + (name.startsWith("camli") ? 1 : 0);
}

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
  if (gone !== undefined && isSame(left, after)) return [claim("del", gone)];
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
 * A value as it is shown: refs and addresses lead where they say, all else is text.
 * @param {string} value
 */
export function shownValue(value) {
  if (REF.test(value)) {
    const short = value.replace(/-(.{6}).+(.{4})$/, "-$1…$2");
    return el("a", { class: "mono", href: `/ui/${value}`, title: value }, short);
  }
  if (WEB.test(value)) {
    return el("a", { href: value, rel: "noreferrer noopener", target: "_blank" }, value);
  }
  return value === "" ? el("em", { class: "soft" }, "empty") : value;
}

export class Attributes {
  /** @param {string} ref of the permanode @param {{readOnly?: boolean}} [options] */
  constructor(ref, { readOnly = false } = {}) {
    this.ref = ref;
    this.isEditable = isWritable() && !readOnly;
    this.attributes = [];
    /** What is being edited, if anything: one at a time. */
    this.editor = null;
    this.all = new Set();
    this.list = el("dl", { class: "attributes-list" });
    this.element = el("div", { class: "attributes" }, this.list);
    if (this.isEditable) this.element.append(this.#newForm());
  }

  /**
   * Show what they are now. What is being edited stays, with a word if it was changed elsewhere.
   * @param {{name: string, values: string[], derived: boolean}[]} attributes
   */
  update(attributes) {
    this.attributes = [...attributes].sort((one, other) => rank(one) - rank(other));
    const { editor } = this;
    if (editor) {
      const now = this.#values(editor.name);
      if (!isSame(now, editor.before)) {
        editor.field.conflict(now[editor.at] ?? null);
        editor.before = now;
      }
    }
    this.#draw();
  }

  #values(name) {
    return this.attributes.find((one) => one.name === name && !one.derived)?.values ?? [];
  }

  #draw() {
    const had = this.editor?.field.element.contains(document.activeElement);
    const rows = this.attributes.flatMap((attribute) => this.#row(attribute));
    const { editor } = this;
    if (editor && !this.#values(editor.name).length && !editor.isPlaced) {
      rows.push(el("dt", {}, editor.name), el("dd", {}, editor.field.element));
    }
    if (!rows.length) rows.push(el("dd", { class: "soft" }, "Nothing is said about it yet."));
    this.list.replaceChildren(...rows);
    if (had) editor.field.field.focus();
  }

  #row({ name, values, derived }) {
    const editing = this.editor?.name === name && !derived ? this.editor : null;
    const most = this.all.has(name) ? values.length : MOST_SHOWN;
    const shown = values
      .slice(0, most)
      .map((value, at) =>
        editing?.at === at ? editing.field.element : this.#value(name, value, at, derived),
      );
    if (editing && editing.at >= values.length) shown.push(editing.field.element);
    const left = values.length - most;
    if (left > 0) {
      const click = () => {
        this.all.add(name);
        this.#draw();
      };
      const words = `Show ${left.toLocaleString()} more`;
      shown.push(el("button", { type: "button", class: "link-button", on: { click } }, words));
    }
    const mayAdd = this.isEditable && !derived && editing?.at !== values.length;
    const click = () => this.#edit(name, values.length);
    const add = mayAdd && iconButton(`Add another ${name}`, PLUS, click);
    const from = derived && el("span", { class: "attribute-from" }, "from the file");
    const all = el("div", { class: "attribute-values" }, shown);
    return [el("dt", {}, el("span", {}, name), from), el("dd", {}, all, add)];
  }

  #value(name, value, at, derived) {
    const shown = el("span", { class: "attribute-value", dir: "auto" }, shownValue(value));
    const isLong = value.length > 60 || value.includes("\n");
    const element = el("div", { class: `attribute ${isLong ? "attribute-long" : ""}` }, shown);
    if (!this.isEditable || derived) return element;
    if (!shown.querySelector("a")) shown.addEventListener("click", () => this.#edit(name, at));
    element.append(
      iconButton(`Change ${name}: ${value}`, PEN, () => this.#edit(name, at)),
      iconButton(`Remove ${name}: ${value}`, CROSS, () => this.#remove(name, at)),
    );
    return element;
  }

  /** Change a value of an attribute; the one behind the last is a new one. */
  #edit(name, at) {
    if (this.editor?.name === name && this.editor.at === at) return void this.editor.field.focus();
    const before = this.#values(name);
    const field = new InPlace({
      value: before[at] ?? "",
      label: at < before.length ? name : `New ${name}`,
      save: (value) => this.#save(editor, value),
      close: () => {
        if (this.editor === editor) this.editor = null;
        this.#draw();
        this.#focus(name, at);
      },
    });
    const editor = { name, at, before, field };
    this.editor = editor;
    this.#draw();
    field.focus();
    if (name === "tag") proposeTags(field);
  }

  async #save({ name, at, before }, value) {
    const after = [...before];
    if (at < before.length) after[at] = value;
    else if (value !== "") after.push(value);
    const done = await changeAttribute(this.ref, name, before, after);
    if (done) this.#set(name, after);
    return done;
  }

  async #remove(name, at) {
    const before = this.#values(name);
    const after = before.filter((_, index) => index !== at);
    if (await changeAttribute(this.ref, name, before, after)) {
      this.#set(name, after);
      this.#draw();
      this.#focus(name, Math.min(at, after.length - 1));
    }
  }

  /** What was saved is shown at once, before the server tells of it. */
  #set(name, values) {
    const others = this.attributes.filter((one) => one.name !== name || one.derived);
    const at = this.attributes.findIndex((one) => one.name === name && !one.derived);
    const mine = values.length ? [{ name, values, derived: false }] : [];
    others.splice(at < 0 ? others.length : at, 0, ...mine);
    this.attributes = others;
  }

  #focus(name, at) {
    if (this.editor) return;
    const row = [...this.list.querySelectorAll("dt")].find(
      (term) => term.firstChild.textContent === name,
    );
    const values = row?.nextElementSibling.querySelectorAll(".attribute");
    const button = values?.[at]?.querySelector("button");
    (button ?? this.newName)?.focus({ preventScroll: true });
  }

  /** Begin to change an attribute from elsewhere on the page. @param {string} name */
  edit(name) {
    this.#edit(name, 0);
    this.editor.field.element.scrollIntoView({ block: "center" });
    this.editor.field.focus();
  }

  #newForm() {
    this.newName = el("input", {
      class: "field",
      "aria-label": "Name of a new attribute",
      placeholder: "New attribute",
      maxlength: 200,
    });
    const form = el(
      "form",
      { class: "attributes-new" },
      el("span", {}, this.newName),
      el("button", { class: "button", type: "submit" }, "Add"),
    );
    new Combobox(this.newName, {
      label: "Common attributes",
      find: async (text) => COMMON.filter((name) => name.startsWith(text) && name !== text),
      show: (name) => name,
      take: (name) => this.#begin(name),
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.newName.value.trim()) this.#begin(this.newName.value.trim());
    });
    return form;
  }

  #begin(name) {
    this.newName.value = "";
    this.#edit(name, this.#values(name).length);
  }
}

/** Tags there are, below the field that takes one. */
function proposeTags({ field, element }) {
  new Combobox(field, {
    label: "Tags there are",
    host: element,
    find: async (text, signal) => (await findTags(text.trim(), signal)).slice(0, 8),
    show: ({ tag }) => tag,
    take: ({ tag }) => {
      field.value = tag;
    },
  });
}

function iconButton(label, path, click) {
  const named = { type: "button", class: "icon-button", "aria-label": label, title: label };
  return el("button", { ...named, on: { click } }, drawing(path));
}
