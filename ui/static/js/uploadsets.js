/** The sets that stand for folders: each is made once, when its first file comes. */

import { patiently, post } from "./uploadproof.js";

export class UploadSets {
  /** @param {import("./uploadmemory.js").UploadMemory} memory */
  constructor(memory) {
    this.memory = memory;
    this.clear();
  }

  clear() {
    /** What folders at the top became, to lead there. @type {Map<string, string>} */
    this.tops = new Map();
    this.made = new Map();
  }

  /**
   * What a file is to be added to.
   * @param {import("./uploadqueue.js").Task} task
   * @param {{signal: AbortSignal, stalled: (waiting: boolean) => void}} how
   * @returns {Promise<string|null>}
   */
  async of({ source, target }, how) {
    return source.folder ? this.#folder(source.folder, target, how) : target;
  }

  #folder(folder, target, how) {
    const key = `${target ?? ""}\n${folder}`;
    if (!this.made.has(key)) {
      const made = this.#make(folder, target, key, how);
      this.made.set(key, made);
      made.catch(() => this.made.delete(key)); // the next file tries again
    }
    return this.made.get(key);
  }

  async #make(folder, target, key, how) {
    const at = folder.lastIndexOf("/");
    const parent = at < 0 ? target : await this.#folder(folder.slice(0, at), target, how);
    const title = folder.slice(at + 1);
    let ref = await this.memory.set(key);
    if (!ref) {
      const ask = (call, value) => patiently(() => post(call, value), how);
      ({ ref } = await ask("create", { attributes: [["title", title]], members: [] }));
      if (parent) {
        const member = { permanode: parent, act: "add", attribute: "camliMember", value: ref };
        await ask("claims", { claims: [member] });
      }
      await this.memory.keepSet(key, ref);
    }
    if (at < 0) this.tops.set(title, ref);
    return ref;
  }
}
