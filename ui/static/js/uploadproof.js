/** What uploads ask of the server, for hours if need be: over new sessions and lost connections. */

import { api } from "./acts.js";
import { request } from "./http.js";
import { page } from "./page.js";

const PAGE = "/ui/upload";
const FIRST_WAIT = 1000; // milliseconds
const LONGEST_WAIT = 60_000;
const MOST_TRIES = 6; // for what the server itself says is wrong with it

let proof = page.csrf ?? "";

/**
 * Do something that takes the proof that it is this page which asks. Whoever has signed in anew
 * meanwhile, in another tab, has another proof.
 * @template T
 * @param {(headers: Record<string, string>) => Promise<T>} does
 * @returns {Promise<T>}
 */
export async function proven(does) {
  try {
    return await does({ "X-Holdfast-CSRF": proof });
  } catch (error) {
    if (error.status !== 403) throw error;
    const fresh = await freshProof();
    if (!fresh || fresh === proof) throw error;
    proof = fresh;
    return does({ "X-Holdfast-CSRF": proof });
  }
}

async function freshProof() {
  const response = await request("GET", PAGE, { headers: { Accept: "text/html" } });
  const text = await response.text();
  const parsed = new DOMParser().parseFromString(text, "text/html");
  return parsed.querySelector('meta[name="csrf"]')?.content ?? "";
}

/**
 * @param {string} call
 * @param {unknown} value
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function post(call, value, { signal } = {}) {
  const response = await proven((headers) =>
    request("POST", api(call), {
      body: JSON.stringify(value),
      headers: { "Content-Type": "application/json", ...headers },
      signal,
    }),
  );
  return response.json();
}

/**
 * Try again, more and more slowly, what may succeed later.
 * @template T
 * @param {() => Promise<T>} does
 * @param {{signal: AbortSignal, stalled: (waiting: boolean) => void}} how `stalled` hears whether
 *     it is waiting for better times.
 * @returns {Promise<T>}
 */
export async function patiently(does, { signal, stalled }) {
  for (let tries = 1, wait = FIRST_WAIT; ; tries += 1, wait = Math.min(LONGEST_WAIT, wait * 2)) {
    try {
      const answer = await does();
      stalled(false);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const isLost = error.status === 0;
      const isBusy = error.status >= 500 && error.status !== 507;
      const isSlower = error.status === 429 || error.status === 408;
      if (!isLost && !((isBusy || isSlower) && tries < MOST_TRIES)) throw error;
      stalled(true);
      await pause(wait * (0.75 + Math.random() / 2), signal);
    }
  }
}

/** Until the time is over, or the network is back. */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    window.addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}
