/** The panel that tells how uploads go, and in which single ones are given up or tried again. */

import { counted, isWritable } from "./acts.js";
import { announce, el, setAttribute } from "./dom.js";
import { sizeWords } from "./format.js";
import { explain, say } from "./toast.js";
import { durationWords, Rate } from "./uploadrate.js";

const MOST_FAILURES = 20;
const MOST_NEXT = 50;
const UNOBTRUSIVE = "button button-small upload-cancel";

function button(label, click, more = {}) {
  const attributes = { type: "button", class: "button button-small", ...more, on: { click } };
  return el("button", attributes, label);
}

/** How it goes: the total, what is on its way, what failed. It is as long with many as with few. */
export class UploadPanel {
  /** @param {import("./uploadqueue.js").UploadQueue} queue */
  constructor(queue) {
    this.queue = queue;
    this.rate = new Rate();
    this.title = el("h2", { class: "upload-title", tabindex: -1 });
    this.bar = el("progress", { max: 1, value: 0, "aria-label": "All files" });
    this.numbers = el("p", { class: "upload-numbers" });
    this.note = el("p", { class: "note note-problem upload-note", hidden: true });
    this.list = el("ul", { class: "upload-list", "aria-label": "Files on their way" });
    this.nextTitle = el("summary", {});
    this.nextList = el("ul", { class: "upload-list", "aria-label": "Files that wait" });
    const toggle = () => this.refresh();
    this.next = el("details", { class: "upload-more", on: { toggle } });
    this.next.append(this.nextTitle, this.nextList);
    this.failures = el("ul", { class: "upload-failures", "aria-label": "Files that failed" });
    this.result = el("p", { class: "upload-result" });
    this.knownTitle = el("summary", {});
    this.knownList = el("ul", { class: "upload-known", "aria-label": "Files already here" });
    this.known = el("details", { class: "upload-more" }, this.knownTitle, this.knownList);
    this.hold = button("Pause", () => (queue.isPaused ? queue.resume() : queue.pause()));
    this.cancel = button("Cancel", () => this.#cancel());
    this.retry = button("Try all again", () => queue.retry());
    this.close = button("Close", () => this.#close());
    this.element = el(
      "section",
      { class: "upload-panel", "aria-label": "Uploads", hidden: true },
      [this.title, this.bar, this.numbers, this.note, this.list, this.next, this.failures],
      [this.result, this.known],
      el("div", { class: "upload-buttons upload-end" }, this.retry, this.hold, this.cancel, this.close),
    );
    document.body.append(this.element);
    queue.addEventListener("change", () => this.refresh());
    queue.addEventListener("finished", () => announce(this.#titleWords()));
    queue.addEventListener("halted", () => announce(this.#haltWords()));
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
    this.#showNumbers();
    this.numbers.hidden = !busy;
    this.#showHalt();
    this.#showActive();
    this.#showNext();
    this.#showFailures();
    this.#showResult();
    this.#showKnown();
    this.hold.textContent = queue.isPaused ? "Go on" : "Pause";
    this.cancel.textContent = files > 1 ? "Cancel all" : "Cancel";
    for (const part of [this.hold, this.cancel]) part.hidden = !busy;
    this.retry.hidden = busy || queue.failed.length < 2; // one has its own
    this.close.hidden = busy;
  }

  #titleWords() {
    const { queue } = this;
    if (queue.halted) return "Upload stopped";
    if (queue.isPaused) return "Upload paused";
    if (queue.isStalled) return "Waiting for the connection";
    if (queue.isBusy) {
      if (queue.scanning && !queue.files) return "Looking at files";
      return queue.reading && !queue.active.size ? "Comparing with what is here" : "Uploading";
    }
    if (queue.failed.length) return `${counted(queue.failed.length, "file")} failed`;
    return queue.files || queue.skipped ? "Upload finished" : "Nothing to upload";
  }

  #showNumbers() {
    const { sentBytes, bytes, files, done, isPaused } = this.queue;
    const parts = [`${done.toLocaleString()} of ${counted(files, "file")}`];
    parts.push(`${sizeWords(sentBytes)} of ${sizeWords(bytes)}`);
    if (isPaused) this.rate.restart();
    else this.rate.note(sentBytes);
    const rate = this.rate.perSecond;
    if (rate) {
      parts.push(`${sizeWords(rate)}/s`);
      parts.push(`${durationWords((bytes - sentBytes) / rate)} left`);
    }
    this.numbers.textContent = parts.join(" · ");
  }

  #haltWords() {
    const { halted } = this.queue;
    if (halted?.status === 401) return "You are signed out. Sign in, then it goes on.";
    return halted ? `${explain(halted)} It is tried again every minute.` : "";
  }

  #showHalt() {
    const words = this.#haltWords();
    if (this.note.dataset.words === words) return;
    this.note.dataset.words = words;
    const login = { href: "/ui/login?next=/ui/upload", target: "_blank" };
    const isOut = this.queue.halted?.status === 401;
    this.note.replaceChildren(words, isOut ? el("a", login, " Sign in in another tab") : "");
    this.note.hidden = !words;
  }

  #showActive() {
    const { active, reading } = this.queue;
    const rows = [...active].map((parcel) => ({
      key: parcel,
      tasks: parcel.tasks,
      done: parcel.sent / Math.max(1, parcel.size),
    }));
    if (reading) {
      const done = reading.sent / Math.max(1, reading.source.size);
      rows.push({ key: reading, tasks: [reading], done, doing: "comparing" });
    }
    this.#fill(this.list, rows);
  }

  #showNext() {
    const { left } = this.queue;
    this.next.hidden = !left;
    this.nextTitle.textContent = `${counted(left, "file waits", "files wait")}`;
    const shown = left && this.next.open ? this.queue.next(MOST_NEXT) : [];
    this.#fill(
      this.nextList,
      shown.map((task) => ({ key: task, tasks: [task], done: null })),
    );
  }

  /** Have a list show these and nothing else; rows that stay are left as they are. */
  #fill(list, rows) {
    list.shown ??= new Map();
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, { element }] of list.shown) {
      if (keys.has(key)) continue;
      this.#keepFocus(element);
      element.remove();
      list.shown.delete(key);
    }
    for (const row of rows) {
      if (!list.shown.has(row.key)) list.shown.set(row.key, this.#row(row));
      const { element, bar } = list.shown.get(row.key);
      if (!element.isConnected) list.append(element);
      if (bar) bar.value = row.done;
    }
  }

  #row({ tasks, done, doing }) {
    const [{ source }] = tasks;
    const more = tasks.length > 1 ? ` and ${counted(tasks.length - 1, "more", "more")}` : "";
    const size = tasks.reduce((sum, task) => sum + task.source.size, 0);
    const label = `${source.name}${more}`;
    const name = el("span", { class: "upload-name", dir: "auto", title: source.name }, label);
    const about = [doing, sizeWords(size)].filter(Boolean).join(", ");
    const facts = el("span", { class: "soft" }, about);
    const click = () => {
      this.queue.drop([...tasks]);
      announce(`Cancelled ${label}`);
    };
    const cancel = button("", click, { class: UNOBTRUSIVE, "aria-label": `Cancel ${label}` });
    const bar = done === null ? null : el("progress", { max: 1, value: 0, "aria-label": label });
    return { element: el("li", {}, name, facts, cancel, bar), bar };
  }

  /** Whoever has the keyboard in a row that goes is led to the one beside it. */
  #keepFocus(element) {
    if (!element.contains(document.activeElement)) return;
    const beside = element.nextElementSibling ?? element.previousElementSibling;
    (beside?.querySelector("button") ?? this.title).focus({ preventScroll: true });
  }

  #showFailures() {
    const { failed } = this.queue;
    const shown = failed.slice(0, MOST_FAILURES);
    const { before = [] } = this;
    if (before.length === shown.length && shown.every((task, at) => task === before[at])) {
      if (this.left === failed.length) return;
    }
    this.left = failed.length;
    this.before = shown;
    const hadFocus = this.failures.contains(document.activeElement);
    const rows = shown.map((task) => this.#failure(task));
    const left = failed.length - rows.length;
    if (left > 0) rows.push(el("li", {}, `and ${counted(left, "more", "more")}`));
    this.failures.replaceChildren(...rows);
    if (hadFocus) (this.failures.querySelector("button") ?? this.title).focus();
  }

  #failure(task) {
    const { name } = task.source;
    const named = (label) => ({
      class: "button button-small button-quiet",
      "aria-label": `${label} ${name}`,
    });
    const again = () => {
      this.queue.retry([task]);
      announce(`Trying ${name} again`);
    };
    const drop = () => {
      this.queue.drop([task]);
      announce(`Cancelled ${name}`);
    };
    return el(
      "li",
      {},
      el("strong", { dir: "auto" }, name),
      el("p", {}, explain(task.error)),
      el(
        "div",
        { class: "upload-buttons" },
        button("Cancel", drop, named("Cancel")),
        button("Try again", again, named("Try again:")),
      ),
    );
  }

  #showResult() {
    const { queue } = this;
    const parts = [];
    if (!queue.isBusy) {
      const sent = queue.done - queue.known;
      if (sent) parts.push(`${counted(sent, "file")} uploaded. `);
      else if (queue.known) parts.push("Nothing had to be sent. ");
      if (queue.skipped) parts.push(`${queue.skipped.toLocaleString()} had been sent before. `);
      for (const [title, ref] of [...queue.sets.tops].slice(0, 3)) {
        parts.push(el("a", { href: `/ui/${ref}` }, title), " ");
      }
      if (sent && !queue.sets.tops.size) {
        parts.push(el("a", { href: "/ui/recent" }, "Show them"));
      }
    } else {
      parts.push("Keep this page open meanwhile.");
    }
    this.result.replaceChildren(...parts);
    setAttribute(this.result, "hidden", parts.length ? null : true);
  }

  #showKnown() {
    const { known, named } = this.queue;
    this.known.hidden = !known;
    const were = counted(known, "file was", "files were");
    this.knownTitle.textContent = `${were} here already.`;
    const key = `${known} ${named.length}`;
    if (this.knownList.dataset.key === key) return;
    this.knownList.dataset.key = key;
    const rows = named.map(({ name, ref }) =>
      el("li", {}, el("a", { href: `/ui/${ref}`, dir: "auto" }, name)),
    );
    const left = known - named.length;
    if (left > 0) rows.push(el("li", {}, `and ${counted(left, "more", "more")}`));
    this.knownList.replaceChildren(...rows);
  }

  async #cancel() {
    const { done } = this.queue;
    this.element.hidden = true;
    await this.queue.cancel();
    say(done ? `Upload cancelled; ${counted(done, "file")} stay` : "Upload cancelled");
  }

  #close() {
    this.element.hidden = true;
  }
}
