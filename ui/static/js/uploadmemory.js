/**
 * What this browser remembers of uploads, so that they go on after the page was closed: when the
 * same files are given to it again, it knows how far each was. Of files that arrived it remembers
 * the digest, so that they are known again without being read.
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
const WHOLES = "wholes";
const KEPT = 7 * 24 * 3600_000; // milliseconds: servers forget as well
const MOST_WHOLES = 200_000;

/**
 * What tells files apart that a person gives again.
 * @param {import("./uploadwalk.js").Source} source
 */
export function keyOf({ folder, name, size, modified }) {
  return [folder, name, size, modified].join("\n");
}

/** The same for its contents, in whatever folder it is by now. */
function contentsKey({ name, size, modified }) {
  return [name, size, modified].join("\n");
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

  /** Forget single files that nobody wants any longer. @param {string[]} keys */
  async drop(...keys) {
    await this.#ask(FILES, "readwrite", (store) => {
      for (const key of keys) store.delete(key);
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

  /**
   * The refs of the contents that files had when they arrived, null where that is not known.
   * @param {import("./uploadwalk.js").Source[]} sources
   * @returns {Promise<(string|null)[]>}
   */
  async wholes(sources) {
    const asked = [];
    await this.#ask(WHOLES, "readonly", (store) => {
      for (const source of sources) asked.push(store.get(contentsKey(source)));
    });
    return sources.map((_, at) => asked[at]?.result ?? null);
  }

  /** @param {[import("./uploadwalk.js").Source, string][]} pairs */
  async keepWholes(pairs) {
    await this.#ask(WHOLES, "readwrite", (store) => {
      for (const [source, whole] of pairs) store.put(whole, contentsKey(source));
    });
  }

  /** How many files were not finished, after forgetting those of long ago. */
  async unfinished() {
    const all = (await this.#ask(FILES, "readonly", (store) => store.getAll())) ?? [];
    const late = all.every(({ at }) => at < Date.now() - KEPT);
    if (all.length && late) await this.forget();
    return late ? 0 : all.filter(({ done }) => !done).length;
  }

  /** Forget what was under way: all is done, or nobody wants to go on. */
  async forget() {
    await this.#ask(FILES, "readwrite", (store) => void store.clear());
    await this.#ask(SETS, "readwrite", (store) => void store.clear());
    const wholes = await this.#ask(WHOLES, "readonly", (store) => store.count());
    if (wholes > MOST_WHOLES) await this.#ask(WHOLES, "readwrite", (store) => void store.clear());
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
    const asked = indexedDB.open(NAME, 2);
    asked.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) {
        asked.result.createObjectStore(FILES, { keyPath: "key" });
        asked.result.createObjectStore(SETS, { keyPath: "key" });
      }
      asked.result.createObjectStore(WHOLES);
    };
    asked.onsuccess = () => {
      // Pages of a later version are not kept waiting.
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("blocked"));
  });
}
