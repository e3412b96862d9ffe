/** Where files are dropped, chosen and pasted, and the panel that tells how their upload goes. */

import { counted, isWritable, READ_ONLY } from "./acts.js";
import { announce, drawing, el, setAttribute } from "./dom.js";
import { sizeWords } from "./format.js";
import { page } from "./page.js";
import { explain, say, sayError } from "./toast.js";
import { UploadQueue } from "./uploadqueue.js";
import { dropped, holdsFiles, listed, pasted } from "./uploadwalk.js";

const MOST_LISTED = 20;
const ARROW = "M12 15V4M8 8l4-4 4 4M5 20h14";

/** What files are added to: the set of this page, if it is one. */
const target = page.item?.kind === "set" ? page.item : { ref: null, title: "" };
let uploads = null;

/** Let files be uploaded from this page. */
export function start() {
  if (!page.urls.api || uploads) return;
  uploads = new Uploads();
  const link = document.querySelector("a.upload");
  link?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || page.view === "upload") return;
    event.preventDefault();
    askFiles();
  });
  if (page.view === "upload") {
    const heading = el("h1", {}, "Upload");
    const parts = [heading, ...chooser()];
    document.getElementById("main").append(el("section", { class: "text upload-page" }, parts));
  }
}

async function askFiles() {
  const { ask } = await import("./dialog.js");
  const title = target.ref ? `Upload to ${target.title || "this set"}` : "Upload";
  const content = chooser(() => dialog.close());
  const dialog = ask({ title, submit: "", cancel: "Close", content });
}

/** Two fields, one for files and one for a folder, and a place to drop either. */
function chooser(chosen = () => {}) {
  const field = (label, more) => {
    const input = el("input", { type: "file", multiple: true, class: "visually-hidden", ...more });
    input.addEventListener("change", () => {
      // The list empties with the field, which is emptied so that the same can be chosen again.
      uploads.take(listed([...input.files]));
      input.value = "";
      chosen();
    });
    return el("label", { class: "button upload-choose" }, input, label);
  };
  return [
    el(
      "div",
      { class: "upload-zone" },
      drawing(ARROW),
      el("p", {}, "Drop files and folders anywhere on this page, or paste them."),
      el(
        "div",
        { class: "upload-choices" },
        field("Choose files"),
        field("Choose a folder", { webkitdirectory: true }),
      ),
      el("p", { class: "hint" }, "A folder becomes a set of its name."),
    ),
    !isWritable() && el("p", { class: "note note-problem" }, READ_ONLY),
  ].filter(Boolean);
}

class Uploads {
  constructor() {
    this.queue = new UploadQueue();
    this.panel = new Panel(this.queue);
    this.queue.addEventListener("signedout", () => {
      const action = { label: "Go on", run: () => this.queue.resume() };
      const text = "You are signed out. Sign in in another tab, then go on here.";
      say(text, { kind: "error", action, seconds: 0 });
    });
    this.#listen();
    this.panel.remind();
  }

  /** @param {AsyncIterable<import("./uploadwalk.js").Source>} sources */
  async take(sources) {
    if (!isWritable()) return void say(READ_ONLY, { kind: "error", seconds: 15 });
    this.panel.show();
    try {
      await this.queue.add(sources, target.ref);
    } catch (error) {
      sayError(error, "Not all that was given could be read");
    }
    return undefined;
  }

  #listen() {
    const veil = el("div", { class: "drop-veil", hidden: true }, el("p", {}));
    document.body.append(veil);
    let leaving = 0;
    const show = (on) => {
      clearTimeout(leaving);
      if (on) {
        const { ref, title } = target;
        const set = `Drop to add to “${title || "this set"}”`;
        veil.firstChild.textContent = ref ? set : "Drop to upload";
      }
      veil.hidden = !on;
    };
    addEventListener("dragover", (event) => {
      if (!holdsFiles(event.dataTransfer)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      show(true);
    });
    // Leaving one element for another comes in pairs; only the last counts.
    addEventListener("dragleave", () => {
      clearTimeout(leaving);
      leaving = setTimeout(() => show(false), 120);
    });
    addEventListener("drop", (event) => {
      show(false);
      if (!holdsFiles(event.dataTransfer)) return;
      event.preventDefault();
      this.take(dropped(event.dataTransfer));
    });
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.take(pasted(files));
    });
    addEventListener("beforeunload", (event) => {
      if (this.queue.isBusy) event.preventDefault();
    });
  }
}

/** How it goes: the total, what is on its way, what failed. It is as long with many as with few. */
class Panel {
  /** @param {UploadQueue} queue */
  constructor(queue) {
    this.queue = queue;
    const button = (label, click) =>
      el("button", { type: "button", class: "button button-small", on: { click } }, label);
    this.title = el("h2", { class: "upload-title" });
    this.bar = el("progress", { max: 1, value: 0, "aria-label": "All files" });
    this.numbers = el("p", { class: "upload-numbers" });
    this.list = el("ul", { class: "upload-list", "aria-label": "Files on their way" });
    this.failures = el("ul", { class: "upload-failures", "aria-label": "Files that failed" });
    this.result = el("p", { class: "upload-result" });
    this.hold = button("Pause", () => (queue.isPaused ? queue.resume() : queue.pause()));
    this.cancel = button("Cancel", () => this.#cancel());
    this.retry = button("Try again", () => queue.retry());
    this.close = button("Close", () => this.#close());
    this.element = el(
      "section",
      { class: "upload-panel", "aria-label": "Uploads", hidden: true },
      this.title,
      this.bar,
      this.numbers,
      this.list,
      this.failures,
      this.result,
      el("div", { class: "upload-buttons" }, this.retry, this.hold, this.cancel, this.close),
    );
    document.body.append(this.element);
    this.rows = new Map();
    queue.addEventListener("change", () => this.refresh());
    queue.addEventListener("finished", () => announce(this.#titleWords()));
  }

  show() {
    this.element.hidden = false;
    this.refresh();
  }

  /** Tell of what was left unfinished when the page was closed. */
  async remind() {
    const count = await this.queue.memory.unfinished();
    if (!count || this.queue.isBusy || !isWritable()) return;
    const is = count === 1 ? "is" : "are";
    const text = `${counted(count, "file")} of an earlier upload ${is} not finished.`;
    const action = { label: "Forget them", run: () => this.queue.memory.forget() };
    say(`${text} Drop the same files or folders again, and it goes on.`, { action, seconds: 30 });
  }

  refresh() {
    if (this.element.hidden) return;
    const { queue } = this;
    const busy = queue.isBusy;
    const { sentBytes, bytes, files, done } = queue;
    this.title.textContent = this.#titleWords();
    this.bar.value = bytes ? sentBytes / bytes : done / Math.max(1, files);
    this.bar.hidden = !busy;
    const far = `${done.toLocaleString()} of ${counted(files, "file")}`;
    this.numbers.textContent = `${far}, ${sizeWords(sentBytes)} of ${sizeWords(bytes)}`;
    this.numbers.hidden = !busy;
    this.#showActive();
    this.#showFailures();
    this.#showResult();
    this.hold.textContent = queue.isPaused ? "Go on" : "Pause";
    for (const part of [this.hold, this.cancel]) part.hidden = !busy;
    this.retry.hidden = busy || !queue.failed.length;
    this.close.hidden = busy;
  }

  #titleWords() {
    const { queue } = this;
    if (queue.isPaused) return "Upload paused";
    if ([...queue.active].some(({ stalled }) => stalled)) return "Waiting for the connection";
    if (queue.isBusy) return queue.scanning && !queue.files ? "Looking at files" : "Uploading";
    if (queue.failed.length) return `${counted(queue.failed.length, "file")} failed`;
    return queue.files || queue.skipped ? "Upload finished" : "Nothing to upload";
  }

  #showActive() {
    for (const [task, row] of this.rows) {
      if (this.queue.active.has(task)) continue;
      row.element.remove();
      this.rows.delete(task);
    }
    for (const task of this.queue.active) {
      if (!this.rows.has(task)) this.rows.set(task, this.#row(task));
      const { bar } = this.rows.get(task);
      bar.value = task.source.size ? task.sent / task.source.size : 0;
    }
  }

  #row({ source }) {
    const bar = el("progress", { max: 1, value: 0, "aria-label": source.name });
    const name = el("span", { class: "upload-name", dir: "auto" }, source.name);
    const element = el("li", {}, name, el("span", { class: "soft" }, sizeWords(source.size)), bar);
    this.list.append(element);
    return { element, bar };
  }

  #showFailures() {
    const { failed } = this.queue;
    if (this.shownFailures === failed.length) return;
    this.shownFailures = failed.length;
    const rows = failed
      .slice(0, MOST_LISTED)
      .map(({ source, error }) =>
        el("li", {}, el("strong", { dir: "auto" }, source.name), ` ${explain(error)}`),
      );
    const left = failed.length - rows.length;
    if (left > 0) rows.push(el("li", {}, `and ${counted(left, "more", "more")}`));
    this.failures.replaceChildren(...rows);
  }

  #showResult() {
    const { queue } = this;
    const parts = [];
    if (!queue.isBusy) {
      if (queue.done) parts.push(`${counted(queue.done, "file")} uploaded. `);
      if (queue.known) parts.push(`${queue.known.toLocaleString()} of them were here already. `);
      if (queue.skipped) parts.push(`${queue.skipped.toLocaleString()} had been sent before. `);
      for (const [title, ref] of [...queue.made].slice(0, 3)) {
        parts.push(el("a", { href: `/ui/${ref}` }, title), " ");
      }
      if (queue.done && !queue.made.size) parts.push(el("a", { href: "/ui/recent" }, "Show them"));
    } else {
      parts.push("Keep this page open meanwhile.");
    }
    this.result.replaceChildren(...parts);
    setAttribute(this.result, "hidden", parts.length ? null : true);
  }

  async #cancel() {
    await this.queue.cancel();
    this.element.hidden = true;
    const { done } = this.queue;
    say(done ? `Upload cancelled; ${counted(done, "file")} stay` : "Upload cancelled");
  }

  #close() {
    this.element.hidden = true;
  }
}
