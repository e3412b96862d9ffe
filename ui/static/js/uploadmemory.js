/**
 * What this browser remembers of uploads, so that they go on after the page was closed: when the
 * same files are given to it again, it knows how far each was.
 *
 * @typedef {object} Memory  Of one file.
 * @property {string} key
 * @property {string|null} set  What it is added to.
 * @property {string|null} upload  The server's name for it, once it is begun.
 * @property {boolean} done
 * @property {number} at  When it was last written, in milliseconds since 1970.
 */

const NAME = "holdfast-uploads";
const FILES = "files";
const SETS = "sets";
const KEPT = 7 * 24 * 3600_000; // milliseconds: servers forget as well

/**
 * What tells files apart that a person gives again.
 * @param {import("./uploadwalk.js").Source} source
 */
export function keyOf({ folder, name, size, modified }) {
  return [folder, name, size, modified].join("\n");
}

/** Where a browser keeps nothing (private windows may not), it is as if nothing had been kept. */
export class UploadMemory {
  constructor() {
    this.opened = open().catch(() => null);
  }

  /** @param {string} key @returns {Promise<Memory|undefined>} */
  file(key) {
    return this.#ask(FILES, "readonly", (store) => store.get(key));
  }

  /** @param {Omit<Memory, "at">[]} memories */
  async keep(...memories) {
    const at = Date.now();
    await this.#ask(FILES, "readwrite", (store) => {
      for (const memory of memories) store.put({ ...memory, at });
    });
  }

  /** The set that was made for a folder. @param {string} key @returns {Promise<string|undefined>} */
  async set(key) {
    return (await this.#ask(SETS, "readonly", (store) => store.get(key)))?.ref;
  }

  /** @param {string} key @param {string} ref */
  async keepSet(key, ref) {
    await this.#ask(SETS, "readwrite", (store) => void store.put({ key, ref, at: Date.now() }));
  }

  /** How many files were not finished, after forgetting those of long ago. */
  async unfinished() {
    const all = (await this.#ask(FILES, "readonly", (store) => store.getAll())) ?? [];
    const late = Math.max(0, ...all.map(({ at }) => at)) < Date.now() - KEPT;
    if (all.length && late) await this.forget();
    return late ? 0 : all.filter(({ done }) => !done).length;
  }

  /** Forget everything: all is done, or nobody wants to go on. */
  async forget() {
    await this.#ask(FILES, "readwrite", (store) => void store.clear());
    await this.#ask(SETS, "readwrite", (store) => void store.clear());
  }

  async #ask(name, mode, does) {
    const database = await this.opened;
    if (!database) return undefined;
    return new Promise((resolve) => {
      try {
        const transaction = database.transaction(name, mode);
        const asked = does(transaction.objectStore(name));
        transaction.oncomplete = () => resolve(asked?.result);
        transaction.onerror = () => resolve(undefined);
        transaction.onabort = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
  }
}

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(FILES, { keyPath: "key" });
      asked.result.createObjectStore(SETS, { keyPath: "key" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("blocked"));
  });
}
