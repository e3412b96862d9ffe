/**
 * The search box: suggestions while one types, saved searches, and what is wrong with an expression
 * shown where it is wrong.
 */

import { api, isWritable, READ_ONLY } from "./acts.js";
import { ask } from "./dialog.js";
import { announce, drawing, el } from "./dom.js";
import { getJson, postJson } from "./http.js";
import { addShortcuts } from "./keys.js";
import { page } from "./page.js";
import { say, sayError } from "./toast.js";

const TYPING_PAUSE = 90; // milliseconds
const CHECK_PATIENCE = 400; // milliseconds an expression may take to be found wrong
const MOST_SHOWN = 12;

const STAR = "M12 4l2.4 5 5.6.7-4 3.9 1 5.4-5-2.7-5 2.7 1-5.4-4-3.9 5.6-.7z";
const QUESTION = "M9.3 9a2.7 2.7 0 1 1 4 2.4c-.8.5-1.3 1-1.3 2.1M12 17v.2";

const KIND_WORDS = Object.freeze({
  tag: "tag",
  attribute: "attribute",
  predicate: "search for",
  title: "title",
  saved: "saved search",
});

let box = null;

/** Make the box of this page work, if it has one. */
export function start() {
  const form = document.querySelector('form[role="search"], search form');
  const input = form?.querySelector('input[name="q"]');
  if (!input || !page.urls.api || box) return;
  box = new SearchBox(form, input);
  window.addEventListener("holdfast:badsearch", (event) => box.showProblem(event.detail));
}

/**
 * Show what is wrong with the expression that was searched for.
 * @param {Error & {position?: number|null}} problem
 */
export function showProblem(problem) {
  start();
  box?.showProblem(problem);
}

class SearchBox {
  /** @param {HTMLFormElement} form @param {HTMLInputElement} input */
  constructor(form, input) {
    this.form = form;
    this.input = input;
    this.options = [];
    this.active = -1;
    this.list = el("ul", {
      class: "search-list",
      id: "search-list",
      role: "listbox",
      "aria-label": "Suggestions",
      hidden: true,
    });
    this.problem = el("div", { class: "search-problem", id: "search-problem", hidden: true });
    this.problem.setAttribute("role", "alert");
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": "search-list",
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
    })) {
      input.setAttribute(name, value);
    }
    this.save = this.#button("Save this search", STAR);
    this.save.addEventListener("click", () => this.#askName());
    this.help = this.#button("What can be searched for", QUESTION);
    this.help.addEventListener("click", () => this.#showHelp());
    form.classList.add("search");
    form.append(this.save, this.help, this.list, this.problem);
    this.#showSave();
    this.#listen();
  }

  /** @param {Error & {position?: number|null}} problem */
  showProblem(problem) {
    const text = this.input.value;
    this.problem.replaceChildren();
    if (Number.isInteger(problem.position)) {
      const at = Math.max(0, Math.min(problem.position, text.length));
      const [wrong] = text.slice(at).match(/^\s*\S*/u) ?? [""];
      const after = text.slice(at + wrong.length);
      const marked = [text.slice(0, at), el("mark", {}, wrong || "…"), after];
      this.problem.append(el("code", { class: "search-wrong" }, marked));
    }
    const remedy = problem.remedy ? ` ${problem.remedy}` : "";
    this.problem.append(el("span", {}, `${problem.message}${remedy}`));
    this.problem.hidden = false;
    this.input.setAttribute("aria-invalid", "true");
    this.input.setAttribute("aria-describedby", "search-problem");
  }

  #hideProblem() {
    this.problem.hidden = true;
    this.input.removeAttribute("aria-invalid");
    this.input.removeAttribute("aria-describedby");
  }

  #button(label, path) {
    const named = { type: "button", class: "search-button", "aria-label": label, title: label };
    return el("button", named, drawing(path));
  }

  #listen() {
    const { input, form, list } = this;
    input.addEventListener("input", () => {
      this.#hideProblem();
      this.#showSave();
      this.#suggestSoon();
    });
    input.addEventListener("keydown", (event) => this.#onKey(event));
    input.addEventListener("focus", () => this.#suggestSoon());
    input.addEventListener("click", () => this.#suggestSoon());
    form.addEventListener("focusout", (event) => {
      if (!form.contains(event.relatedTarget)) this.#closeList();
    });
    // The box keeps the keyboard while somebody points into the list.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const at = [...list.children].indexOf(event.target.closest("[role=option]"));
      if (at >= 0) this.#take(this.options[at]);
    });
    form.addEventListener("submit", (event) => this.#onSubmit(event));
    addShortcuts({
      keys: "/",
      label: "Search",
      run: () => {
        input.focus();
        input.select();
      },
    });
  }

  #suggestSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#suggest(), TYPING_PAUSE);
  }

  async #suggest() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const text = this.input.value;
    const cursor = this.input.selectionStart ?? text.length;
    try {
      const found = text.trim()
        ? (await getJson(api("suggest"), { text, cursor }, { signal })).suggestions
        : await savedSuggestions(signal);
      if (signal.aborted || document.activeElement !== this.input) return;
      this.#showList(found.slice(0, MOST_SHOWN));
    } catch {
      this.#closeList(); // without suggestions one can still search
    }
  }

  #showList(options) {
    this.options = options;
    this.active = -1;
    const rows = options.map(({ label, kind, text }, at) =>
      el(
        "li",
        { role: "option", id: `search-option-${at}`, class: `search-option kind-${kind}` },
        el("span", { class: "search-option-label" }, label || text),
        el("span", { class: "search-option-kind" }, KIND_WORDS[kind] ?? ""),
      ),
    );
    this.list.replaceChildren(...rows);
    this.list.hidden = !options.length;
    this.input.setAttribute("aria-expanded", String(options.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    if (options.length) announce(`${options.length} suggestions`);
  }

  #closeList() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.options = [];
    this.active = -1;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #move(to) {
    const count = this.options.length;
    this.active = ((to + 1 + count + 1) % (count + 1)) - 1; // one place more: none of them
    [...this.list.children].forEach((row, at) => {
      row.setAttribute("aria-selected", String(at === this.active));
    });
    const row = this.list.children[this.active];
    if (!row) return this.input.removeAttribute("aria-activedescendant");
    row.scrollIntoView({ block: "nearest" });
    return this.input.setAttribute("aria-activedescendant", row.id);
  }

  #onKey(event) {
    const open = !this.list.hidden;
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) this.#suggest();
      else this.#move(this.active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.#take(this.options[this.active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.#closeList();
    } else if (event.key === "Escape" && !this.input.value) {
      this.input.blur();
    }
  }

  #take(option) {
    this.input.value = option.text;
    const cursor = option.cursor ?? option.text.length;
    this.input.setSelectionRange(cursor, cursor);
    this.#hideProblem();
    this.#showSave();
    if (option.kind === "saved") {
      this.#closeList();
      this.form.requestSubmit();
    } else {
      this.#suggest();
    }
  }

  /** What is wrong is told here, before the page is left. */
  async #onSubmit(event) {
    const expression = this.input.value.trim();
    if (this.checked === expression || !expression) return;
    event.preventDefault();
    this.#closeList();
    try {
      const signal = AbortSignal.timeout(CHECK_PATIENCE);
      await getJson(page.urls.items, { q: expression, limit: 1 }, { signal });
    } catch (problem) {
      if (problem.status === 400) return this.showProblem(problem);
    }
    this.checked = expression;
    return this.form.requestSubmit();
  }

  #showSave() {
    this.save.hidden = !this.input.value.trim();
  }

  #askName() {
    if (!isWritable()) return void say(READ_ONLY);
    const expression = this.input.value.trim();
    const name = el("input", { class: "field", name: "name", required: true, maxlength: 200 });
    ask({
      title: "Save this search",
      submit: "Save",
      content: [
        el("p", {}, el("code", { class: "search-wrong" }, expression)),
        el("label", { class: "field-label" }, "Name", name),
      ],
      onSubmit: async () => {
        await postJson(api("saved"), { name: name.value.trim(), expression });
        say(`Saved: ${name.value.trim()}. It is offered when the box is empty.`);
        return true;
      },
    });
  }

  async #showHelp() {
    try {
      const { showSearchHelp } = await import("./searchhelp.js");
      showSearchHelp((example) => {
        const before = this.input.value.trim();
        this.input.value = before ? `${before} ${example}` : example;
        this.input.focus();
        this.#showSave();
        this.#suggestSoon();
      });
    } catch (error) {
      sayError(error, "The help could not be opened");
    }
  }
}

async function savedSuggestions(signal) {
  const { searches } = await getJson(api("saved"), {}, { signal });
  return searches.map(({ name, expression }) => ({
    text: expression,
    cursor: expression.length,
    label: name,
    kind: "saved",
  }));
}
