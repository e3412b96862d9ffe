/**
 * The search box: suggestions while one types, saved searches, and what is wrong with an expression
 * shown where it is wrong.
 */

import { api, isWritable, READ_ONLY } from "./acts.js";
import { Combobox } from "./combobox.js";
import { ask } from "./dialog.js";
import { drawing, el } from "./dom.js";
import { getJson, postJson } from "./http.js";
import { addShortcuts } from "./keys.js";
import { page } from "./page.js";
import { asExpression } from "./plainwords.js";
import { say, sayError } from "./toast.js";

/** Milliseconds an answer may take before it is left to another page, which may show it or not. */
const PATIENCE = page.view === "timeline" ? 3000 : 400;
const FIRST_ITEMS = 100;
const MOST_SHOWN = 12;

const STAR = "M12 4l2.4 5 5.6.7-4 3.9 1 5.4-5-2.7-5 2.7 1-5.4-4-3.9 5.6-.7z";
const SHARE = "M12 15V4M8 8l4-4 4 4M6 12v8h12v-8";
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
    /** The expression of which the page shows what is found. */
    this.shown = page.q ?? "";
    this.problem = el("div", { class: "search-problem", id: "search-problem", hidden: true });
    this.problem.setAttribute("role", "alert");
    this.save = this.#button("Save this search", STAR, () => this.#askName());
    this.share = this.#button("Share what is found", SHARE, () => this.#share());
    this.share.hidden = !this.shown;
    this.help = this.#button("What can be searched for", QUESTION, () => this.#showHelp());
    form.classList.add("search");
    form.append(this.save, this.share, this.help, this.problem);
    this.choices = new Combobox(input, {
      label: "Suggestions",
      host: form,
      find: (text, signal) => this.#find(text, signal),
      show: shown,
      take: (suggestion) => this.#take(suggestion),
    });
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

  #button(label, path, click) {
    const named = { type: "button", class: "search-button", "aria-label": label, title: label };
    return el("button", { ...named, on: { click } }, drawing(path));
  }

  #listen() {
    this.input.addEventListener("input", () => {
      this.#hideProblem();
      this.#showSave();
    });
    this.form.addEventListener("submit", (event) => this.#onSubmit(event));
    addShortcuts({
      keys: "/",
      label: "Search",
      run: () => {
        this.input.focus();
        this.input.select();
      },
    });
  }

  async #find(text, signal) {
    const cursor = this.input.selectionStart ?? text.length;
    const found = text.trim()
      ? (await getJson(api("suggest"), { text, cursor }, { signal })).suggestions
      : await savedSearches(signal);
    return found.slice(0, MOST_SHOWN);
  }

  #take({ text, cursor, kind }) {
    this.input.value = text;
    this.input.setSelectionRange(cursor ?? text.length, cursor ?? text.length);
    this.#hideProblem();
    this.#showSave();
    if (kind === "saved") this.form.requestSubmit();
    else this.choices.seek();
  }

  /** What is wrong is told here; and what is found too, where the page shows things. */
  async #onSubmit(event) {
    const expression = asExpression(this.input.value.trim());
    if (this.checked === expression || !expression) return;
    event.preventDefault();
    this.choices.close();
    this.input.value = expression;
    this.asking = expression;
    let first = null;
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      first = await getJson(page.urls.items, { q: expression, limit: FIRST_ITEMS }, { signal });
    } catch (problem) {
      if (problem.status === 400) return this.showProblem(problem);
    }
    if (this.asking !== expression) return; // another one was searched for meanwhile
    this.checked = expression;
    if (first && this.#isAnsweredHere(expression, first)) return;
    this.form.requestSubmit();
  }

  /** `holdfast:search` is for pages that can show what is found; they prevent that it goes on. */
  #isAnsweredHere(expression, first) {
    const detail = { expression, first };
    const search = new CustomEvent("holdfast:search", { cancelable: true, detail });
    if (window.dispatchEvent(search)) return false;
    this.shown = expression;
    this.share.hidden = false;
    this.input.blur();
    return true;
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

  async #share() {
    if (!isWritable()) return void say(READ_ONLY);
    const { share } = await import("./shareform.js");
    return share({ search: this.shown });
  }

  async #showHelp() {
    try {
      const { showSearchHelp } = await import("./searchhelp.js");
      showSearchHelp((example) => {
        const before = this.input.value.trim();
        this.input.value = before ? `${before} ${example}` : example;
        this.input.focus();
        this.#showSave();
        this.choices.seekSoon();
      });
    } catch (error) {
      sayError(error, "The help could not be opened");
    }
  }
}

function shown({ label, text, kind }) {
  return [
    el("span", { class: "choice-label" }, label || text),
    el("span", { class: "choice-note" }, KIND_WORDS[kind] ?? ""),
  ];
}

async function savedSearches(signal) {
  const { searches } = await getJson(api("saved"), {}, { signal });
  return searches.map(({ name, expression }) => ({
    text: expression,
    cursor: expression.length,
    label: name,
    kind: "saved",
  }));
}
