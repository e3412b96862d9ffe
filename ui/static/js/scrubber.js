/** Months and years at the edge of a timeline: to see where one is, and to go elsewhere by date. */

import { ask } from "./dialog.js";
import { el } from "./dom.js";
import { monthWords } from "./format.js";
import { addShortcuts } from "./keys.js";

/** Pixels between the words of years, between dots of months, and of dots from words. */
const YEARS_APART = 20;
const DOTS_APART = 7;
const CLEAR = 12;

/** Shorter timelines than this many windows need none. */
const LEAST_WINDOWS = 2;

/** Milliseconds it is to be seen after the last movement, where it hides. */
const LINGER = 1400;

export class Scrubber {
  #linger = 0;
  #isDragged = false;
  /** How high it is, and the month it points at: asked for and said no more often than they change. */
  #tall = 0;
  #section = -1;

  /**
   * @param {HTMLElement} parent
   * @param {import("./grid.js").Grid} grid
   */
  constructor(parent, grid) {
    this.grid = grid;
    this.bubble = el("span", { class: "scrubber-bubble" });
    this.handle = el("span", { class: "scrubber-handle" }, this.bubble);
    this.ticks = el("span", { class: "scrubber-ticks", "aria-hidden": "true" });
    this.element = el(
      "div",
      {
        class: "scrubber",
        role: "slider",
        tabindex: "0",
        hidden: true,
        "aria-label": "Date",
        "aria-orientation": "vertical",
        "aria-valuemin": "0",
      },
      this.ticks,
      this.handle,
    );
    parent.append(this.element);
    grid.addEventListener("layout", () => this.#mark());
    grid.addEventListener("view", ({ top }) => this.#follow(top));
    addEventListener("scroll", () => this.#show(), { passive: true });
    addEventListener("resize", () => this.#mark(), { passive: true });
    this.#listen();
    this.#mark();
    addShortcuts({
      keys: "g",
      label: "Go to a date",
      group: "Photos and things",
      when: () => this.#isUseful(),
      run: () => askDate(grid),
    });
  }

  #isUseful() {
    return this.grid.source.months.length > 0 && this.grid.total > 0;
  }

  /** Draws the years, and months as dots. */
  #mark() {
    const { sections, height } = this.grid.layout;
    this.element.hidden = !this.#isUseful() || height < LEAST_WINDOWS * this.grid.outlook.tall;
    document.body.classList.toggle("has-scrubber", !this.element.hidden);
    if (this.element.hidden) return;
    this.#tall = this.element.clientHeight;
    this.#section = -1;
    let marks = [];
    let [lastYear, lastWord, lastDot] = ["", -Infinity, -Infinity];
    for (const { label, top } of sections) {
      const year = label?.slice(0, 4) ?? "";
      const y = Math.round((top / height) * this.#tall);
      if (year && year !== lastYear && y - lastWord >= YEARS_APART) {
        marks = marks.filter((dot) => dot.y <= y - CLEAR);
        marks.push(mark("scrubber-year", year, y));
        lastWord = lastDot = y;
        lastYear = year;
      } else if (y - lastDot >= DOTS_APART && y - lastWord >= CLEAR) {
        marks.push(mark("scrubber-dot", "", y));
        lastDot = y;
      }
    }
    this.ticks.replaceChildren(...marks.map(({ element }) => element));
    this.element.setAttribute("aria-valuemax", String(Math.max(0, sections.length - 1)));
    this.#follow(this.grid.outlook.top);
  }

  /**
   * Shows where one is. This is done in each frame of scrolling, when rows have just come and gone:
   * nothing is asked here for which the browser would have to lay them out at once.
   * @param {number} top  What of the grid is at the top of the window.
   */
  #follow(top) {
    if (this.element.hidden) return;
    const { layout } = this.grid;
    const at = Math.min(Math.max(0, top), layout.height);
    this.handle.style.transform = `translateY(${(at / layout.height) * this.#tall}px)`;
    const section = layout.sectionAt(at + 1);
    if (section === this.#section) return;
    this.#section = section;
    this.bubble.textContent = monthWords(layout.sections[section].label ?? "", { short: true });
    this.element.setAttribute("aria-valuenow", String(section));
    this.element.setAttribute("aria-valuetext", this.grid.headingWords(section));
  }

  /** Where it hides by itself, it comes while one moves. */
  #show() {
    this.element.classList.add("is-shown");
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => {
      if (!this.#isDragged) this.element.classList.remove("is-shown");
    }, LINGER);
  }

  #listen() {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      element.focus({ preventScroll: true, focusVisible: false });
      element.setPointerCapture(event.pointerId);
      this.#isDragged = true;
      element.classList.add("is-dragged");
      this.#drag(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (this.#isDragged) this.#drag(event);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      element.addEventListener(name, () => {
        this.#isDragged = false;
        element.classList.remove("is-dragged");
        this.#show();
      });
    }
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  #drag({ clientY }) {
    const { top, height } = this.element.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (clientY - top) / height));
    this.grid.outlook.slide(part * this.grid.layout.height);
  }

  #key(event) {
    const { sections } = this.grid.layout;
    const now = this.grid.layout.sectionAt(Math.max(0, this.grid.outlook.top) + 1);
    const goal = this.#goal(event.key, now, sections);
    if (goal === null) return;
    event.preventDefault();
    this.grid.jump(sections[Math.min(Math.max(0, goal), sections.length - 1)].first);
  }

  /** Down the page is back in time. */
  #goal(key, now, sections) {
    const year = (section) => sections[section].label?.slice(0, 4);
    switch (key) {
      case "ArrowDown":
      case "ArrowLeft":
        return now + 1;
      case "ArrowUp":
      case "ArrowRight":
        return now - 1;
      case "PageDown": {
        const next = sections.findIndex((_, at) => at > now && year(at) !== year(now));
        return next < 0 ? sections.length - 1 : next;
      }
      case "PageUp": {
        let before = Math.max(0, now - 1);
        while (before > 0 && year(before - 1) === year(before)) before -= 1;
        return before;
      }
      case "Home":
        return 0;
      case "End":
        return sections.length - 1;
      default:
        return null;
    }
  }
}

function mark(name, words, y) {
  const element = el("span", { class: name }, words);
  element.style.insetBlockStart = `${y}px`;
  return { element, y };
}

/**
 * Asks for a date, and goes to what is of that day, or the first before it.
 * @param {import("./grid.js").Grid} grid
 */
export function askDate(grid) {
  const { months } = grid.source;
  const known = months.map(([label]) => label).filter((label) => /^\d{4}-\d\d$/.test(label));
  const now = grid.source.item(grid.lines.first)?.time?.slice(0, 10) ?? "";
  const field = el("input", {
    id: "jump-date",
    type: "date",
    required: true,
    value: now,
    min: known.length ? `${known.at(-1)}-01` : null,
  });
  ask({
    title: "Go to a date",
    submit: "Go there",
    content: [el("p", { class: "field" }, el("label", { for: "jump-date" }, "Date"), field)],
    onSubmit: async () => {
      await goTo(grid, field.value);
      return true;
    },
  });
}

/**
 * @param {import("./grid.js").Grid} grid
 * @param {string} day  As 2024-07-14.
 */
async function goTo(grid, day) {
  const { months, total } = grid.source;
  const at = months.findIndex(([label]) => label <= day.slice(0, 7));
  if (at < 0) return grid.jump(total - 1);
  const [label, first] = months[at];
  if (label < day.slice(0, 7)) return grid.jump(first);
  const end = months[at + 1]?.[1] ?? total;
  const found = await grid.source.firstNotAfter(`${day}T23:59:59.999Z`, first, end);
  const index = Math.min(found, end - 1);
  grid.jump(index);
  // After the dialog has given the keyboard back.
  return queueMicrotask(() => setTimeout(() => grid.focus(index)));
}
