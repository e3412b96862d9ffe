/** The bar with what can be done to what is selected. */

import {
  act,
  changed,
  counted,
  isWritable,
  makeClaims,
  READ_ONLY,
} from "./acts.js";
import { announce, drawing, el, setAttribute } from "./dom.js";
import { submitForm } from "./http.js";
import { addShortcuts } from "./keys.js";
import { fileUrl, page } from "./page.js";
import { isBare } from "./permanodes.js";
import { say, sayError } from "./toast.js";

/**
 * @typedef {object} Selected  What the bar works on.
 * @property {() => number} count
 * @property {(told?: (done: number) => void) => Promise<import("./page.js").Item[]>} items
 * @property {() => void} clear
 * @property {() => void} [all] selects all there is
 * @property {{ref: string, title: string, paths?: Map<string, string>}|null} [within] the set whose
 *   members are shown, and the attributes of those that are in it by a name
 *
 * @typedef {object} Action
 * @property {string} name
 * @property {string} label
 * @property {string} path of its drawing
 * @property {string} [keys]
 * @property {boolean} [writes]
 * @property {(items: import("./page.js").Item[], selected: Selected) => Promise<unknown>} run
 */

const CROSS = "M6 6l12 12M18 6L6 18";

/** @type {readonly Action[]} */
const ACTIONS = Object.freeze([
  {
    name: "tag",
    label: "Tags",
    keys: "t",
    path: "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01",
    writes: true,
    run: async (items) => (await import("./tagger.js")).askTags(items),
  },
  {
    name: "set",
    label: "Add to set",
    keys: "s",
    path: "M4 8h16v12H4zM6 8V5h12v3M12 11v6M9 14h6",
    writes: true,
    run: async (items) => (await import("./setpicker.js")).addToSet(items),
  },
  {
    name: "share",
    label: "Share",
    keys: "S",
    path: "M12 15V4M8 8l4-4 4 4M6 12v8h12v-8",
    writes: true,
    run: shareItems,
  },
  {
    name: "download",
    label: "Download",
    keys: "d",
    path: "M12 4v11M8 11l4 4 4-4M5 20h14",
    run: download,
  },
  {
    name: "remove",
    label: "Remove from set",
    keys: "r",
    path: "M4 8h16v12H4zM6 8V5h12v3M9 14h6",
    writes: true,
    run: removeFromSet,
  },
  {
    name: "cover",
    label: "Use as cover",
    keys: "c",
    path: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
    writes: true,
    run: useAsCover,
  },
  {
    name: "delete",
    label: "Move to trash",
    keys: "Delete",
    path: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
    writes: true,
    run: moveToTrash,
  },
]);

/** Only on the page of a set. */
const OF_SETS = Object.freeze(["remove", "cover"]);

/** Appears while something is selected. */
export class ActionBar {
  /** @param {Selected} selected */
  constructor(selected) {
    this.selected = selected;
    this.running = false;
    this.count = el("span", { class: "actions-count" });
    const clear = el(
      "button",
      {
        type: "button",
        class: "actions-clear",
        "aria-label": "Clear the selection",
        title: "Clear the selection (Esc)",
        on: { click: () => selected.clear() },
      },
      drawing(CROSS),
    );
    // Visitors of a share look at things and take them along, and change nothing.
    const offered = ACTIONS.filter(
      ({ name, writes }) =>
        (selected.within || !OF_SETS.includes(name)) && (page.urls.api || !writes),
    );
    this.first = offered[0].name;
    this.buttons = new Map(offered.map((action) => [action.name, this.#button(action)]));
    this.note = el("p", { class: "actions-note", id: "actions-note", hidden: true }, READ_ONLY);
    this.tools = el(
      "div",
      { class: "actions-tools", role: "toolbar", "aria-label": "What to do with the selection" },
      [...this.buttons.values()],
    );
    this.element = el(
      "section",
      { class: "actions", "aria-label": "Selection", hidden: true },
      clear,
      this.count,
      this.tools,
      this.note,
    );
    this.tools.addEventListener("keydown", (event) => this.#onArrow(event));
    document.body.append(this.element);
    const when = () => selected.count() > 0;
    this.forget = addShortcuts(
      ...offered.map((action) => ({
        keys: action.keys,
        label: action.label,
        group: "Selection",
        when,
        run: () => this.#run(action),
      })),
      ...(selected.all
        ? [{ keys: "a", label: "Select all", group: "Selection", run: () => selected.all() }]
        : []),
    );
    this.refresh();
  }

  /** To be called whenever the selection has changed. */
  refresh() {
    const count = this.selected.count();
    this.element.hidden = count === 0;
    document.body.classList.toggle("has-actions", count > 0);
    this.count.textContent = `${count.toLocaleString()} selected`;
    const writable = isWritable();
    this.note.hidden = writable || !page.urls.api;
    for (const { name, writes } of ACTIONS) {
      const button = this.buttons.get(name);
      if (!button) continue;
      // Not `disabled`: whoever comes there by keyboard should hear why.
      setAttribute(button, "aria-disabled", writes && !writable ? "true" : null);
      setAttribute(button, "aria-describedby", writes && !writable ? "actions-note" : null);
    }
  }

  /** Take the bar from the page. */
  remove() {
    this.forget();
    this.element.remove();
    document.body.classList.remove("has-actions");
  }

  #button(action) {
    const { name, label, path, keys } = action;
    return el(
      "button",
      {
        type: "button",
        class: `actions-button actions-${name}`,
        title: `${label} (${keys})`,
        "aria-keyshortcuts": keys,
        tabindex: name === this.first ? 0 : -1,
        on: { click: () => this.#run(action) },
      },
      drawing(path),
      el("span", {}, label),
    );
  }

  async #run(action) {
    if (action.writes && !isWritable()) return void say(READ_ONLY);
    if (this.running) return;
    this.running = true;
    this.element.setAttribute("aria-busy", "true");
    try {
      await action.run(await this.#items(), this.selected);
    } catch (error) {
      sayError(error, `${action.label}: not done`, () => this.#run(action));
    } finally {
      this.running = false;
      this.element.removeAttribute("aria-busy");
    }
  }

  /** The selected items; those that nobody has looked at yet have to be asked for first. */
  async #items() {
    const total = this.selected.count();
    let progress = null;
    const slow = setTimeout(() => {
      progress = say("Looking up what is selected", { seconds: 0 });
    }, 500);
    try {
      return await this.selected.items((done) =>
        progress?.update("Looking up what is selected", done / total),
      );
    } finally {
      clearTimeout(slow);
      progress?.close();
    }
  }

  #onArrow(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.buttons.values()];
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[(at + step + buttons.length) % buttons.length];
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }
}

async function shareItems(items) {
  const { share } = await import("./shareform.js");
  const title = items.length === 1 ? items[0].title || items[0].name : undefined;
  return share({ refs: items.map(({ ref }) => ref), title: title || undefined });
}

/**
 * Have the browser keep one file as it is, or several things as one archive.
 * @param {import("./page.js").Item[]} items
 */
export async function download(items) {
  const kept = items.filter(({ content, kind }) => content || kind === "set");
  if (!kept.length) return say("There is no file in what is selected");
  const missing = items.length - kept.length;
  if (missing) say(`${counted(missing, "thing")} without a file left out`);
  const [only] = kept;
  if (kept.length === 1 && only.kind !== "folder" && only.kind !== "set") {
    const link = el("a", { href: fileUrl(only), download: only.name || "" });
    document.body.append(link);
    link.click();
    link.remove();
  } else {
    const files = kept.map(({ content, ref }) => content ?? ref).join(",");
    submitForm(page.urls.zip, { files });
  }
  return announce("The download begins");
}

async function moveToTrash(items, selected) {
  const things = items.filter((item) => !isBare(item));
  if (!things.length) {
    return say("These are part of a folder, which never changes. Delete the folder itself.");
  }
  const done = await act({
    doing: "Moving to trash",
    done: `Moved ${counted(things.length, "thing")} to trash`,
    run: async (told) => ({
      claims: await makeClaims(
        things.map(({ ref }) => ({ act: "delete", target: ref })),
        told,
      ),
    }),
  });
  if (done) selected.clear();
  return done;
}

async function removeFromSet(items, selected) {
  const { ref, title, paths } = selected.within;
  const claims = items.map((item) => ({
    permanode: ref,
    act: "del",
    attribute: paths?.get(item.ref) ?? "camliMember",
    value: item.ref,
  }));
  const done = await act({
    doing: `Removing from ${title || "the set"}`,
    done: `Removed ${counted(items.length, "thing")} from ${title || "the set"}`,
    run: async (told) => ({ claims: await makeClaims(claims, told) }),
  });
  if (done) {
    selected.clear();
    changed();
  }
  return done;
}

async function useAsCover(items, { within, clear }) {
  const covers = items.filter(({ cover }) => cover);
  if (items.length !== 1 || !covers.length) {
    return say("Select one picture to be the cover of the set");
  }
  const attribute = "camliContentImage";
  const claim = { permanode: within.ref, act: "set", attribute, value: covers[0].cover };
  const done = await act({
    doing: "Setting the cover",
    done: `${covers[0].title || "The picture"} is the cover now`,
    run: async () => ({ claims: await makeClaims([claim]) }),
  });
  if (done) clear();
  return done;
}
