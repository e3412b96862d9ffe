/** What can be asked for in the search box, for people: shown in a dialog, and tried by a click. */

import { ask } from "./dialog.js";
import { el } from "./dom.js";

/** @type {readonly {title: string, rows: [example: string, says: string][]}[]} */
const PREDICATES = Object.freeze([
  {
    title: "What it is about",
    rows: [
      ["tag:paris", "has exactly this tag"],
      ["is:untagged", "has no tag"],
      ['title:"eiffel tower"', "this is in the title"],
      ["text:invoice", "these words are in title, file name or text"],
      ["attr:author:~smith", "an attribute has this value; with ~ it contains it"],
      ["named:NAME", "what a saved search finds"],
    ],
  },
  {
    title: "When and where",
    rows: [
      ["date:2024", "in that year; also 2024-07, 2024-07-14, 2015..2019, 2020.."],
      ["after:2024-07", "then or later"],
      ["before:2024-07", "earlier than that"],
      ["has:location", "it is known where it was made"],
      ["loc:paris", "made in that place"],
      ["locrect:49,2,48,3", "made in that box: north, west, south, east"],
    ],
  },
  {
    title: "Pictures and files",
    rows: [
      ["is:image", "pictures; also is:landscape, is:portrait, is:pano"],
      ["width:2000-", "at least 2,000 pixels wide; also height:"],
      ["format:pdf", "of that kind: jpg, png, gif, pdf or any MIME type"],
      ["filename:*.doc", "of that name; * stands for anything"],
    ],
  },
  {
    title: "Sets and things",
    rows: [
      ["childrenof:REF", "members of that set"],
      ["parentof:REF", "sets that have it as a member"],
      ["ref:sha224-12ab", "the ref begins so"],
      ["raw:JSON", "a constraint as the search API takes it"],
    ],
  },
]);

const JOINING = [
  ["beach sunset", "both words are in title, file name or text"],
  ["tag:paris is:image", "both"],
  ["tag:paris or tag:rome", "one of them"],
  ["-is:image", "not that"],
  ["(tag:a or tag:b) date:2024", "together first"],
];

/**
 * Show what can be asked for.
 * @param {(expression: string) => void} take is given an example that was clicked
 */
export function showSearchHelp(take) {
  const dialog = ask({
    title: "Searching",
    className: "dialog-wide search-help",
    submit: "",
    cancel: "Close",
    content: [
      el("p", {}, "What stands side by side must all fit. Choose an example to put it into the box."),
      el(
        "div",
        { class: "search-help-groups" },
        [{ title: "Together", rows: JOINING }, ...PREDICATES].map(({ title, rows }) =>
          el("section", {}, el("h3", {}, title), el("dl", {}, rows.map(row))),
        ),
      ),
    ],
  });

  function row([example, says]) {
    const click = () => {
      dialog.close();
      take(example);
    };
    const button = el("button", { type: "button", class: "code-button", on: { click } }, example);
    return [el("dt", {}, button), el("dd", {}, says)];
  }
}
