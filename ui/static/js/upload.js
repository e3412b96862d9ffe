/** Where files are dropped, chosen and pasted. */

import { isWritable, READ_ONLY } from "./acts.js";
import { drawing, el } from "./dom.js";
import { page } from "./page.js";
import { say, sayError } from "./toast.js";
import { UploadPanel } from "./uploadpanel.js";
import { SignedOut, UploadQueue } from "./uploadqueue.js";
import { dropped, holdsFiles, listed, pasted } from "./uploadwalk.js";

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
    this.panel = new UploadPanel(this.queue);
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
    // Whoever is heard first: the page must not be left for the sign-in page meanwhile.
    const signedOut = (event) => {
      if (!this.queue.isBusy) return;
      event.stopImmediatePropagation();
      this.queue.halt(new SignedOut());
    };
    addEventListener("holdfast:signedout", signedOut, { capture: true });
    addEventListener("focus", () => {
      if (this.queue.halted?.status === 401) this.queue.resume();
    });
    addEventListener("beforeunload", (event) => {
      if (this.queue.isBusy) event.preventDefault();
    });
  }
}
