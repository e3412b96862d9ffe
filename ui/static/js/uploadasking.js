/**
 * Which files the server has already is asked before they are sent. It tells first of which sizes
 * it has any: only those are read for their digest, and only if no earlier upload told that.
 *
 * @typedef {import("./uploadqueue.js").Task} Task
 */

import { Digests } from "./uploaddigest.js";
import { Unreadable } from "./uploadfile.js";
import { patiently, post } from "./uploadproof.js";

/** Digests that are made before the server is asked about them. */
const TOGETHER = 50;
const BYTES_TOGETHER = 128 * 1024 * 1024;

export class Asking {
  /**
   * @param {import("./uploadmemory.js").UploadMemory} memory
   * @param {import("./uploadsets.js").UploadSets} sets
   */
  constructor(memory, sets) {
    this.memory = memory;
    this.sets = sets;
    this.digests = new Digests();
  }

  /**
   * Sort files out.
   * @param {Task[]} tasks
   * @param {object} how
   * @param {AbortSignal} how.signal
   * @param {(waiting: boolean) => void} how.stalled
   * @param {(task: Task|null) => void} how.reading hears of files that are being read
   * @param {(tasks: Task[], done: import("./uploadfile.js").Done[]) => void} how.known
   * @param {(tasks: Task[]) => void} how.unknown those that are to be sent
   * @param {(task: Task, error: Error) => void} how.failed
   * @returns {Promise<void>} when all are; it is an `AbortError` that leaves the rest
   */
  async sort(tasks, how) {
    const wholes = await this.memory.wholes(tasks.map(({ source }) => source));
    tasks.forEach((task, at) => {
      task.whole ??= wholes[at];
    });
    const doubtful = await this.#ask(tasks, how);
    for (let at = 0; at < doubtful.length; ) {
      let bytes = 0;
      const some = [];
      while (at < doubtful.length && some.length < TOGETHER && bytes < BYTES_TOGETHER) {
        bytes += doubtful[at].source.size;
        some.push(doubtful[at]);
        at += 1;
      }
      const read = await Promise.all(some.map((task) => this.#read(task, how)));
      await this.#ask(read.filter(Boolean), how);
    }
  }

  /** Let go of what is only needed while there is something to do. */
  rest() {
    this.digests.rest();
  }

  /** Ask about files; those of which the server wants to know the digest. */
  async #ask(tasks, how) {
    const asked = tasks.filter((task) => !task.dropped);
    if (!asked.length) return [];
    const files = [];
    for (const task of asked) {
      const { whole, source } = task;
      // A set is only made for what is going to be in it.
      const set = whole ? await this.sets.of(task, how) : null;
      files.push({ size: source.size, whole, set });
    }
    const { signal } = how;
    const answer = await patiently(() => post("upload/known", { files }, { signal }), how);
    const of = (is) => asked.filter((task, at) => !task.dropped && is(answer.files[at]));
    const known = of((told) => typeof told === "object");
    how.known(
      known,
      answer.files.filter((told, at) => typeof told === "object" && !asked[at].dropped),
    );
    how.unknown(of((told) => told === false));
    return of((told) => told === true);
  }

  async #read(task, how) {
    if (task.dropped) return null;
    try {
      const file = await task.source.open().catch(() => {
        throw new Unreadable();
      });
      const told = (read) => {
        task.sent = read;
        how.reading(task);
      };
      task.whole = await this.digests.whole(file, { signal: how.signal, told });
      return task;
    } catch (error) {
      how.signal.throwIfAborted();
      if (error instanceof Unreadable) how.failed(task, error);
      else how.unknown([task]); // sending it will tell what is wrong
      return null;
    } finally {
      task.sent = 0;
      how.reading(null);
    }
  }
}
