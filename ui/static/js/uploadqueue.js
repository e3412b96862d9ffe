/** Files that wait to be uploaded, three of them at a time; folders become sets on the way. */

import { changed, create, makeClaims } from "./acts.js";
import { giveUp, sendFile } from "./uploadfile.js";
import { keyOf, UploadMemory } from "./uploadmemory.js";

const AT_A_TIME = 3;
const REMEMBERED_AT_ONCE = 200;

/**
 * @typedef {object} Task
 * @property {import("./uploadwalk.js").Source} source
 * @property {string|null} target  The set that was given with it.
 * @property {string|null} upload
 * @property {number} sent
 * @property {boolean} stalled  Waiting for the connection.
 * @property {Error|null} error
 * @property {AbortController|null} control
 */

/**
 * The uploads of this page. Events: `change` when anything is to be shown anew (at most once a
 * frame), `finished` when there is nothing left to do.
 *
 * What is finished is counted and forgotten, so memory does not grow with what was sent.
 */
export class UploadQueue extends EventTarget {
  /** @param {UploadMemory} memory */
  constructor(memory = new UploadMemory()) {
    super();
    this.memory = memory;
    /** @type {Task[]} */
    this.waiting = [];
    /** @type {Set<Task>} */
    this.active = new Set();
    /** @type {Task[]} */
    this.failed = [];
    this.scanning = 0;
    this.isPaused = false;
    this.#reset();
  }

  #reset() {
    this.files = 0;
    this.bytes = 0;
    this.done = 0;
    this.doneBytes = 0;
    this.known = 0;
    this.skipped = 0;
    /** What folders at the top became, to lead there. @type {Map<string, string>} */
    this.made = new Map();
    this.sets = new Map();
  }

  /** Whether anything is under way or to be done. */
  get isBusy() {
    return this.scanning > 0 || this.active.size > 0 || this.waiting.length > 0;
  }

  /** Bytes that are sent, as far as is known. */
  get sentBytes() {
    return [...this.active].reduce((sum, { sent }) => sum + sent, this.doneBytes);
  }

  /**
   * Upload all of these, those without a folder into `target`, folders as sets in it.
   * @param {AsyncIterable<import("./uploadwalk.js").Source>} sources
   * @param {string|null} target the ref of a set
   */
  async add(sources, target) {
    if (!this.isBusy && !this.failed.length) this.#reset();
    this.scanning += 1;
    let fresh = [];
    try {
      for await (const source of sources) {
        const memory = await this.memory.file(keyOf(source));
        if (memory?.done && (memory.set === target || source.folder)) {
          this.skipped += 1;
          continue;
        }
        const upload = memory?.done ? null : (memory?.upload ?? null);
        const into = memory && !memory.done ? memory.set : target;
        const task = { source, target: into, upload, sent: 0, stalled: false, error: null };
        this.files += 1;
        this.bytes += source.size;
        this.waiting.push(task);
        fresh.push(remembered(task, false));
        if (fresh.length >= REMEMBERED_AT_ONCE) {
          await this.memory.keep(...fresh);
          fresh = [];
        }
        this.#pump();
      }
    } finally {
      await this.memory.keep(...fresh);
      this.scanning -= 1;
      this.#pump();
    }
  }

  pause() {
    this.isPaused = true;
    for (const task of this.active) task.control.abort(new DOMException("paused", "AbortError"));
    this.#tell();
  }

  resume() {
    this.isPaused = false;
    this.#pump();
  }

  /** Give up what is not finished. What is uploaded stays. */
  async cancel() {
    const begun = [...this.active, ...this.waiting, ...this.failed].filter(({ upload }) => upload);
    this.waiting = [];
    this.failed = [];
    this.pause();
    this.isPaused = false;
    await this.memory.forget();
    await Promise.allSettled(begun.map(({ upload }) => giveUp(upload)));
    this.#tell();
  }

  /** Try again what failed. */
  retry() {
    const again = this.failed;
    this.failed = [];
    for (const task of again) task.error = null;
    this.waiting.unshift(...again);
    this.#pump();
  }

  #pump() {
    while (!this.isPaused && this.active.size < AT_A_TIME && this.waiting.length) {
      this.#run(this.waiting.shift());
    }
    this.#tell();
  }

  async #run(task) {
    task.control = new AbortController();
    const { signal } = task.control;
    this.active.add(task);
    try {
      const { source } = task;
      const file = await source.open();
      const set = await this.#setOf(task);
      const done = await sendFile(file, {
        upload: task.upload,
        set,
        signal,
        told: (sent) => {
          task.sent = sent;
          this.#tell();
        },
        begun: (upload) => {
          if (task.upload === upload) return;
          task.upload = upload;
          this.memory.keep(remembered(task, false));
        },
        stalled: (stalled) => {
          task.stalled = stalled;
          this.#tell();
        },
      });
      this.done += 1;
      this.doneBytes += source.size;
      if (done.known) this.known += 1;
      this.memory.keep(remembered(task, true));
    } catch (error) {
      this.#stopped(task, error);
    } finally {
      this.active.delete(task);
      task.sent = 0;
      this.#pump();
      if (!this.isBusy) this.#finish();
    }
  }

  #stopped(task, error) {
    if (error.name === "AbortError") {
      if (this.isPaused) this.waiting.unshift(task);
    } else if (error.status === 401) {
      this.waiting.unshift(task);
      this.pause();
      this.dispatchEvent(Object.assign(new Event("signedout"), { error }));
    } else {
      task.error = error;
      this.failed.push(task);
    }
  }

  #finish() {
    if (!this.failed.length) this.memory.forget();
    changed();
    this.dispatchEvent(new Event("finished"));
  }

  #tell() {
    this.told ??= requestAnimationFrame(() => {
      this.told = null;
      this.dispatchEvent(new Event("change"));
    });
  }

  #setOf({ source, target }) {
    return source.folder ? this.#folderSet(source.folder, target) : target;
  }

  /** The set that stands for a folder; made once, and its parents before it. */
  #folderSet(folder, target) {
    const key = `${target ?? ""}\n${folder}`;
    if (!this.sets.has(key)) {
      const made = this.#makeSet(folder, target, key);
      this.sets.set(key, made);
      made.catch(() => this.sets.delete(key)); // the next file tries again
    }
    return this.sets.get(key);
  }

  async #makeSet(folder, target, key) {
    const at = folder.lastIndexOf("/");
    const parent = at < 0 ? target : await this.#folderSet(folder.slice(0, at), target);
    const title = folder.slice(at + 1);
    let ref = await this.memory.set(key);
    if (!ref) {
      ref = await create([["title", title]]);
      if (parent) {
        const member = { attribute: "camliMember", value: ref };
        await makeClaims([{ permanode: parent, act: "add", ...member }]);
      }
      await this.memory.keepSet(key, ref);
    }
    if (at < 0) this.made.set(title, ref);
    return ref;
  }
}

function remembered({ source, target, upload }, done) {
  return { key: keyOf(source), set: target, upload, done };
}
