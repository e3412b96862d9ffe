/** Digests of whole files, made in threads of their own so that the page stays quick. */

/** Threads: reading is what takes long, and the page and the sending want some too. */
const THREADS = Math.max(1, Math.min(4, (navigator.hardwareConcurrency ?? 2) - 1));

/** Reads files, as many at a time as there are threads. */
export class Digests {
  constructor() {
    /** @type {Worker[]} */
    this.idle = [];
    this.running = 0;
    /** @type {(() => void)[]} */
    this.waiting = [];
  }

  /**
   * The ref of a file's contents, as the server's index knows them.
   * @param {File} file
   * @param {{signal: AbortSignal, told: (read: number) => void}} how
   * @returns {Promise<string>}
   * @throws when the file cannot be read, or there are no threads; or why it was given up
   */
  async whole(file, { signal, told }) {
    while (this.running >= THREADS) await new Promise((go) => this.waiting.push(go));
    this.running += 1;
    let worker = null;
    try {
      signal.throwIfAborted();
      worker = this.idle.pop() ?? begun();
      const whole = await digested(worker, file, { signal, told });
      this.idle.push(worker);
      worker = null;
      return whole;
    } finally {
      worker?.terminate(); // in the middle of a file, or broken
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  /** Let go of the threads, until there is something to do again. */
  rest() {
    for (const worker of this.idle.splice(0)) worker.terminate();
  }
}

function begun() {
  return new Worker(new URL("./digestworker.js", import.meta.url), { type: "module" });
}

function digested(worker, file, { signal, told }) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const end = (does) => {
      signal.removeEventListener("abort", abort);
      does();
    };
    worker.onmessage = ({ data: { read, whole, error } }) => {
      if (whole) end(() => resolve(whole));
      else if (error) end(() => reject(new Error(error)));
      else told(read);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(() => reject(new Error("no thread")));
    };
    worker.postMessage({ file });
  });
}
