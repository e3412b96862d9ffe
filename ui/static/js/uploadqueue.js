/** Files that wait to be uploaded: asked about, then sent, three parcels of them at a time. */

import { changed } from "./acts.js";
import { Asking } from "./uploadasking.js";
import { giveUp, PIECE, sendFile, sendTogether, Unreadable } from "./uploadfile.js";
import { keyOf, UploadMemory } from "./uploadmemory.js";
import { UploadSets } from "./uploadsets.js";

const AT_A_TIME = 3;
const REMEMBERED_AT_ONCE = 200;
const ASKED_AT_ONCE = 500;
const MOST_READY = 1000;
const SMALL = 1024 * 1024; // bytes of what is sent together with others
const MOST_TOGETHER = 200;
const MOST_NAMED = 20; // of those that were here already
const ROOM_SECONDS = 60; // until a full store is tried again

/**
 * @typedef {object} Task
 * @property {import("./uploadwalk.js").Source} source
 * @property {number} number  Later ones have higher ones.
 * @property {string|null} target  The set that was given with it.
 * @property {string|null} upload  The server's name for it.
 * @property {string|null} whole  The ref of its contents, if it is known.
 * @property {number} sent  Bytes of it that are sent, or read.
 * @property {boolean} alone  Not to be sent together with others.
 * @property {boolean} dropped  Nobody wants it any longer.
 * @property {Error|null} error
 *
 * @typedef {object} Parcel  What is sent in one go: one file, or several small ones.
 * @property {Task[]} tasks
 * @property {number} size
 * @property {number} sent
 * @property {boolean} stalled  Waiting for the connection.
 * @property {AbortController} control
 */

/** The session has ended. */
export class SignedOut extends Error {
  status = 401;
}

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
    this.sets = new UploadSets(memory);
    this.asking = new Asking(memory, this.sets);
    /** Not asked about yet. @type {Task[]} */
    this.waiting = [];
    /** To be sent. @type {Task[]} */
    this.ready = [];
    /** @type {Set<Parcel>} */
    this.active = new Set();
    /** Those that are being asked about. @type {Set<Task>} */
    this.asked = new Set();
    /** One of them that is being read. @type {Task|null} */
    this.reading = null;
    /** @type {Task[]} */
    this.failed = [];
    this.scanning = 0;
    this.numbered = 0;
    this.isPaused = false;
    /** Why it does not go on by itself. @type {Error|null} */
    this.halted = null;
    this.#reset();
  }

  #reset() {
    this.files = 0;
    this.bytes = 0;
    this.done = 0;
    this.doneBytes = 0;
    this.known = 0;
    this.skipped = 0;
    /** Some of those that were here already. @type {{name: string, ref: string}[]} */
    this.named = [];
    this.sets.clear();
  }

  /** Whether anything is under way or to be done. */
  get isBusy() {
    return this.scanning > 0 || this.active.size + this.asked.size + this.left > 0;
  }

  /** Files that wait for their turn. */
  get left() {
    return this.waiting.length + this.ready.length;
  }

  /** The first of these. @param {number} most @returns {Task[]} */
  next(most) {
    const ready = this.ready.slice(0, most);
    return [...ready, ...this.waiting.slice(0, most - ready.length)];
  }

  /** Bytes that are sent, or need not be, as far as is known. */
  get sentBytes() {
    return [...this.active].reduce((sum, { sent }) => sum + sent, this.doneBytes);
  }

  /** Whether the connection is lost. */
  get isStalled() {
    return this.isAskingStalled || [...this.active].some(({ stalled }) => stalled);
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
        const task = { source, target, upload, whole: null, sent: 0, error: null };
        task.number = this.numbered;
        this.numbered += 1;
        if (memory && !memory.done) task.target = memory.set;
        this.files += 1;
        this.bytes += source.size;
        (upload ? this.ready : this.waiting).push(task);
        fresh.push(remembered(task, false));
        if (fresh.length >= REMEMBERED_AT_ONCE) {
          await this.memory.keep(...fresh);
          fresh = [];
          this.#pump();
        }
      }
    } finally {
      await this.memory.keep(...fresh);
      this.scanning -= 1;
      this.#pump();
      if (!this.isBusy) this.#finish();
    }
  }

  pause() {
    this.isPaused = true;
    const reason = new DOMException("paused", "AbortError");
    this.asker?.abort(reason);
    for (const { control } of this.active) control.abort(reason);
    this.#tell();
  }

  resume() {
    clearTimeout(this.trial);
    this.halted = null;
    this.isPaused = false;
    this.#pump();
  }

  /** Stop until somebody does something about it: signs in, or makes room. @param {Error} error */
  halt(error) {
    if (!this.isBusy || this.isPaused) return;
    this.halted = error;
    this.pause();
    clearTimeout(this.trial);
    if (error.status === 507) this.trial = setTimeout(() => this.resume(), ROOM_SECONDS * 1000);
    this.dispatchEvent(new Event("halted"));
  }

  /** Give up what is not finished. What is uploaded stays. */
  async cancel() {
    const all = [...this.waiting, ...this.ready, ...this.asked, ...this.failed];
    await this.drop([...all, ...[...this.active].flatMap(({ tasks }) => tasks)]);
    await this.memory.forget();
  }

  /** Give up some files, wherever they are. @param {Task[]} tasks */
  async drop(tasks) {
    const dropped = new Set(tasks);
    for (const task of dropped) {
      task.dropped = true;
      this.files -= 1;
      this.bytes -= task.source.size;
    }
    for (const list of ["waiting", "ready", "failed"]) {
      this[list] = this[list].filter((task) => !dropped.has(task));
    }
    for (const { tasks: sent, control } of this.active) {
      if (sent.every((task) => task.dropped)) control.abort(new DOMException("", "AbortError"));
    }
    if ([...this.asked].every((task) => task.dropped)) {
      this.asker?.abort(new DOMException("", "AbortError"));
    }
    if (this.isBusy) this.#pump();
    else this.resume(); // whatever comes next is not to wait
    await this.memory.drop(...tasks.map(({ source }) => keyOf(source)));
    const begun = tasks.filter(({ upload }) => upload);
    await Promise.allSettled(begun.map(({ upload }) => giveUp(upload)));
  }

  /** Try again what failed, or some of that. @param {Task[]} [tasks] */
  retry(tasks = this.failed) {
    const again = new Set(tasks);
    this.failed = this.failed.filter((task) => !again.has(task));
    for (const task of again) task.error = null;
    this.ready.unshift(...again);
    this.#pump();
  }

  #pump() {
    if (!this.isPaused) {
      if (!this.asked.size && this.waiting.length && this.ready.length < MOST_READY) this.#ask();
      while (this.active.size < AT_A_TIME && this.ready.length) this.#run(this.#parcel());
    }
    this.#tell();
  }

  async #ask() {
    const tasks = this.waiting.splice(0, ASKED_AT_ONCE);
    this.asked = new Set(tasks);
    this.asker = new AbortController();
    const leave = (some) => {
      for (const task of some) this.asked.delete(task);
    };
    const unknown = (some) => {
      leave(some);
      this.ready.push(...some.filter((task) => !task.dropped));
      this.#pump();
    };
    try {
      await this.asking.sort(tasks, {
        signal: this.asker.signal,
        stalled: (stalled) => {
          this.isAskingStalled = stalled;
          this.#tell();
        },
        reading: (task) => {
          this.reading = task;
          this.#tell();
        },
        known: (some, told) => {
          leave(some);
          this.#arrived(some, told);
        },
        unknown,
        failed: (task, error) => {
          leave([task]);
          this.#failed(task, error);
        },
      });
    } catch (error) {
      const rest = [...this.asked].filter((task) => !task.dropped);
      if (error.name === "AbortError") this.waiting.unshift(...rest);
      else unknown(rest); // it was only asked to save the sending
    }
    this.asked = new Set();
    this.isAskingStalled = false;
    this.#ended();
  }

  /** The next to be sent: a file, or as many small ones as there are. */
  #parcel() {
    let count = 0;
    let size = 0;
    for (const { source, upload, alone } of this.ready) {
      const isAlone = upload || alone || source.size > SMALL;
      if (count && (isAlone || count === MOST_TOGETHER || size + source.size > PIECE)) break;
      count += 1;
      size += source.size;
      if (isAlone) break;
    }
    const tasks = this.ready.splice(0, count);
    return { tasks, size, sent: 0, stalled: false, control: new AbortController() };
  }

  async #run(parcel) {
    this.active.add(parcel);
    const how = {
      signal: parcel.control.signal,
      told: (sent) => {
        parcel.sent = sent;
        this.#tell();
      },
      stalled: (stalled) => {
        parcel.stalled = stalled;
        this.#tell();
      },
    };
    try {
      const opened = await this.#opened(parcel, how);
      if (opened.length > 1) {
        this.#arrived(parcel.tasks, await sendTogether(opened, how));
      } else if (opened.length) {
        const [task] = parcel.tasks;
        const [{ file, set }] = opened;
        const begun = (upload) => {
          if (task.upload === upload) return;
          task.upload = upload;
          this.memory.keep(remembered(task, false));
        };
        const done = await sendFile(file, { ...how, upload: task.upload, set, begun });
        this.#arrived([task], [done]);
      }
    } catch (error) {
      this.#stopped(parcel, error);
    } finally {
      this.active.delete(parcel);
      this.#ended();
    }
  }

  /** The files of a parcel, and the sets they go into; what cannot be read is left out of it. */
  async #opened(parcel, how) {
    const opened = [];
    for (const task of [...parcel.tasks]) {
      try {
        const file = await task.source.open().catch(() => {
          throw new Unreadable();
        });
        opened.push({ file, set: await this.sets.of(task, how) });
        this.bytes += file.size - task.source.size; // it may have grown since it was listed
        parcel.size += file.size - task.source.size;
        task.source.size = file.size;
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        parcel.tasks.splice(parcel.tasks.indexOf(task), 1);
        this.#failed(task, error);
      }
    }
    return opened;
  }

  /** Count what has arrived, or was there. @param {Task[]} tasks */
  #arrived(tasks, told) {
    tasks.forEach(({ source, dropped }, at) => {
      const { ref, known } = told[at];
      if (dropped) return; // too late
      this.done += 1;
      this.doneBytes += source.size;
      if (!known) return;
      this.known += 1;
      if (this.named.length < MOST_NAMED) this.named.push({ name: source.name, ref });
    });
    this.memory.keep(...tasks.map((task) => remembered(task, true)));
    this.memory.keepWholes(tasks.map(({ source }, at) => [source, told[at].whole]));
    this.#tell();
  }

  #stopped({ tasks }, error) {
    const left = tasks.filter((task) => !task.dropped);
    const isHalt = error.status === 401 || error.status === 507;
    if (isHalt || error.name === "AbortError") {
      // Of several parcels that stop at one time the first comes first again.
      this.ready = [...left, ...this.ready].sort((one, other) => one.number - other.number);
      if (isHalt) this.halt(error);
    } else if (tasks.length > 1) {
      // Which of them it is shows when each comes alone.
      for (const task of left) task.alone = true;
      this.ready.unshift(...left);
    } else {
      for (const task of left) this.#failed(task, error);
    }
  }

  #failed(task, error) {
    task.error = error;
    this.failed.push(task);
  }

  #ended() {
    this.#pump();
    if (!this.isBusy) this.#finish();
  }

  #finish() {
    if (!this.failed.length) this.memory.forget();
    this.asking.rest();
    changed();
    this.dispatchEvent(new Event("finished"));
  }

  #tell() {
    this.told ??= requestAnimationFrame(() => {
      this.told = null;
      this.dispatchEvent(new Event("change"));
    });
  }
}

function remembered({ source, target, upload }, done) {
  return { key: keyOf(source), set: target, upload, done };
}
