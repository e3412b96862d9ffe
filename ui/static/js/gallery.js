/** The page `/ui/`: everything, or what a search finds, as a timeline. */

import { ActionBar } from "./actions.js";
import { announce, el } from "./dom.js";
import { numberWords } from "./format.js";
import { Grid } from "./grid.js";
import { hearKeys } from "./gridkeys.js";
import { Problem } from "./http.js";
import { lightboxOver, viewedRef } from "./lightbox.js";
import { moveUnderMouse } from "./moving.js";
import { page } from "./page.js";
import { pick } from "./picking.js";
import { keepPlace, placeBefore } from "./place.js";
import { asExpression } from "./plainwords.js";
import { Scrubber } from "./scrubber.js";
import { Timeline } from "./timeline.js";

/** Milliseconds until the server is asked again. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 20_000;

/** Shows the page. */
export async function start() {
  // Browsers can be taught to search here from their own box: words come from there as they are.
  const meant = asExpression(page.q ?? "");
  if (page.problem?.position !== undefined && meant !== page.q) {
    location.replace(`/ui/?${new URLSearchParams({ q: meant })}`);
    return;
  }
  const element = document.getElementById("grid");
  const source = new Timeline({
    query: page.q ?? "",
    within: page.in ?? "",
    first: page.first ?? null,
  });
  const label = page.q ? "What was found" : "Photos and things";
  const shown = await showTimeline(element, source, { label });
  // Something may come while one looks at nothing.
  shown.addEventListener("layout", () => showEmpty(shown));
  showEmpty(shown);
  if (!page.problem) answerSearches(shown);
}

/** Searches are answered without another page: only what the grid shows is another. */
function answerSearches(grid) {
  let shown = asked();
  addEventListener("holdfast:search", (event) => {
    const { expression, first } = event.detail;
    event.preventDefault();
    history.pushState({}, "", `/ui/?${new URLSearchParams({ q: expression })}`);
    shown = asked();
    document.title = `${expression} · Holdfast`;
    document.querySelector("h1").textContent = `Found: ${expression}`;
    // The search is not the place that the page was.
    for (const link of document.querySelectorAll("[aria-current]")) {
      link.removeAttribute("aria-current");
    }
    const source = new Timeline({ query: expression, first });
    grid.show(source);
    grid.element.setAttribute("aria-label", "What was found");
    tellWhenLoaded(grid, source);
  });
  // Going back, the page is made anew.
  addEventListener("popstate", () => {
    if (asked() !== shown) location.reload();
  });
}

async function tellWhenLoaded(grid, source) {
  const isKnown = await loaded(source, (error) => showProblem(grid.element, error, true));
  if (!isKnown || grid.source !== source) return;
  announce(source.total ? `${numberWords(source.total)} found.` : "Nothing was found.");
}

/** What the address searches for. */
function asked() {
  return new URLSearchParams(location.search).get("q") ?? "";
}

/**
 * Makes an element the grid of a source, with all that belongs to it: keys, mouse and fingers, the
 * scrubber, what is done to what is selected, and things shown large. One comes back to where one
 * was.
 *
 * @param {HTMLElement} element
 * @param {Timeline} source
 * @param {object} options
 * @param {string} options.label
 * @param {{ref: string, title: string}|null} [options.within]  The set whose members are shown.
 * @returns {Promise<Grid>}
 */
export async function showTimeline(element, source, { label, within = null }) {
  const place = placeBefore();
  const isOwners = Boolean(page.urls.api);
  const grid = new Grid(element, source, { label, place });
  hearKeys(grid);
  pick(grid);
  moveUnderMouse(grid);
  new Scrubber(document.body, grid);
  addBar(grid, within);
  const lightbox = lightboxOver(grid);
  grid.addEventListener("problem", ({ error }) => showProblem(element, error, isOwners));
  for (const name of ["layout", "items"]) {
    grid.addEventListener(name, () => hideProblem(element));
  }
  // A search that makes no sense was refused when the page was made.
  const refusal = page.problem?.position === undefined ? null : new Problem(400, page.problem);
  if (refusal) {
    showProblem(element, refusal, isOwners);
    return grid;
  }
  if (!(await loaded(source, (error) => showProblem(element, error, isOwners)))) return grid;
  keepPlace(grid);
  if (viewedRef()) lightbox.follow();
  return grid;
}

/** Whether all is known; while the server cannot say, it is asked again. */
async function loaded(source, tell) {
  for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
    try {
      await source.load();
      return true;
    } catch (error) {
      tell(error);
      if (error.status >= 400 && error.status < 500) return false;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function addBar(grid, within) {
  const { selection } = grid;
  const bar = new ActionBar({
    count: () => selection.count,
    items: (told) => grid.selectedItems(told),
    clear: () => selection.clear(),
    all: () => selection.selectAll(),
    within,
  });
  grid.addEventListener("selectionchange", () => bar.refresh());
}

function showEmpty(grid) {
  const empty = document.getElementById("empty");
  if (!empty) return;
  empty.hidden = grid.total > 0 || grid.source.isOpen;
  for (const words of empty.querySelectorAll("[data-asked]")) {
    words.hidden = (words.dataset.asked === "nothing") === Boolean(grid.source.query);
  }
}

async function showProblem(element, error, isOwners) {
  if (error.status === 400 && isOwners) {
    const { showProblem: showAtSearch } = await import("./search.js");
    showAtSearch(error);
    return;
  }
  const words = [error.message, error.remedy].filter(Boolean).join(" ");
  let note = element.previousElementSibling;
  if (!note?.matches(".grid-problem")) {
    note = el("p", { class: "grid-problem note note-problem", role: "alert" });
    element.before(note);
  }
  if (note.textContent !== words) note.textContent = words;
}

function hideProblem(element) {
  const note = element.previousElementSibling;
  if (note?.matches(".grid-problem")) note.remove();
}
