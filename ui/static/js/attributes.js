/** The attributes of a thing, changed where they stand. */

import { findTags, isWritable } from "./acts.js";
import { Combobox } from "./combobox.js";
import { drawing, el } from "./dom.js";
import { changeAttribute, Editing, valuesOf } from "./editing.js";
import { InPlace } from "./inplace.js";
import { shortened, shownValue } from "./values.js";

const PEN = "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3";
const CROSS = "M6 6l12 12M18 6L6 18";
const PLUS = "M12 5v14M5 12h14";

/** Values of one attribute that are shown at first. */
const MOST_SHOWN = 50;

/** Characters of a value that are shown at first, and that are said of it where it is named. */
const MOST_TEXT = 1000;
const MOST_NAMED = 80;

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
    const { editor } = this;
    const sorted = [...attributes].sort((one, other) => rank(one) - rank(other));
    const isSame = JSON.stringify(sorted) === JSON.stringify(this.attributes);
    // What says the same stays, as the keyboard may be in it.
    if (isSame && this.list.firstChild) return;
    this.attributes = sorted;
    editor?.follow(this.#values(editor.name));
    this.#draw();
  }

  #values(name) {
    return valuesOf(this.attributes, name);
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
    const shown = el("span", { class: "attribute-value", dir: "auto" });
    const isLong = value.length > 60 || value.includes("\n");
    const element = el("div", { class: `attribute ${isLong ? "attribute-long" : ""}` }, shown);
    showValue(shown, value, value.length <= MOST_TEXT);
    if (!this.isEditable || derived) return element;
    const edit = () => this.#edit(name, at);
    shown.addEventListener("click", ({ target }) => target.closest("a, button") ?? edit());
    const named = `${name}: ${shortened(value, MOST_NAMED)}`;
    element.append(
      iconButton(`Change ${named}`, PEN, edit),
      iconButton(`Remove ${named}`, CROSS, () => this.#remove(name, at)),
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
    const editor = new Editing(name, at, before, field);
    this.editor = editor;
    this.#draw();
    field.focus();
    if (name === "tag") proposeTags(field);
  }

  async #save(editor, value) {
    const said = await editor.save(this.ref, value);
    if (said) this.#set(editor.name, said);
    return said !== null;
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
    const button = values?.[at]?.querySelector(".icon-button");
    (button ?? this.newName)?.focus({ preventScroll: true });
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

/** Put a value there, or the beginning of a long one with a way to see the rest. */
function showValue(place, value, isWhole) {
  place.replaceChildren(shownValue(isWhole ? value : shortened(value, MOST_TEXT)));
  if (value.length <= MOST_TEXT) return;
  const click = () => {
    showValue(place, value, !isWhole);
    place.querySelector(".link-button").focus();
  };
  const label = isWhole ? "Show less" : `Show all ${value.length.toLocaleString()} characters`;
  const look = { type: "button", class: "link-button", "aria-expanded": String(isWhole) };
  place.append(" ", el("button", { ...look, on: { click } }, label));
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
