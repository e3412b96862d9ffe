/** One file on its way: in pieces, each where the server has got to. */

import { api } from "./acts.js";
import { getJson, postJson, Problem, request } from "./http.js";
import { page } from "./page.js";

/** Bytes sent at a time. */
export const PIECE = 8 * 1024 * 1024;

const FIRST_WAIT = 1000; // milliseconds
const LONGEST_WAIT = 60_000;
const MOST_TRIES = 6; // for what the server itself says is wrong with it

/** The file is no longer there, or no longer what it was. */
export class Unreadable extends Error {}

/**
 * @typedef {object} Sending
 * @property {string|null} upload  The server's name for it, if it was begun before.
 * @property {string|null} set
 * @property {AbortSignal} signal
 * @property {(sent: number) => void} told
 * @property {(upload: string) => void} begun
 * @property {(waiting: boolean) => void} stalled
 */

/**
 * Send a file, from where it was left off.
 * @param {File} file
 * @param {Sending} sending
 * @returns {Promise<{ref: string, content: string, known: boolean}>}
 * @throws {Problem|Unreadable} when trying again is of no use, or `AbortError`
 */
export async function sendFile(file, sending) {
  const patiently = (does) => trying(does, sending);
  let { upload, offset, done } = await patiently(() => begin(file, sending));
  sending.begun(upload);
  while (!done) {
    sending.told(offset);
    const at = offset;
    const bytes = await read(file.slice(at, at + PIECE));
    ({ offset, done } = await patiently(() => put(upload, at, bytes, sending)));
    // A server that never gets further would have us go on for ever.
    if (!done && offset <= at && bytes.byteLength) throw new Problem(409, { error: "It is stuck" });
  }
  sending.told(file.size);
  return done;
}

/** Have the server forget what it has of a file. @param {string} upload */
export async function giveUp(upload) {
  await request("DELETE", api(`upload/${upload}`));
}

async function begin(file, { upload, set, signal }) {
  if (upload) {
    try {
      return { upload, ...(await getJson(api(`upload/${upload}`), {}, { signal })) };
    } catch (error) {
      if (error.status !== 404) throw error; // else the server has forgotten it
    }
  }
  const modified = new Date(file.lastModified).toISOString();
  const wanted = { name: file.name, size: file.size, modified, set };
  return postJson(api("upload"), wanted, { signal });
}

async function read(blob) {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw new Unreadable("The file cannot be read any more: it was changed, moved or deleted");
  }
}

async function put(upload, offset, bytes, { signal, told }) {
  const url = api(`upload/${upload}?offset=${offset}`);
  try {
    return await send(url, bytes, signal, (sent) => told(offset + sent));
  } catch (error) {
    // Something of it came through before, unnoticed by us.
    if (error.status === 409 && Number.isInteger(error.said.offset)) return error.said;
    throw error;
  }
}

/** As `fetch` does not tell how much of a body is sent. */
function send(url, bytes, signal, told) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const sent = new XMLHttpRequest();
    sent.open("PUT", url);
    sent.setRequestHeader("X-Holdfast-CSRF", page.csrf ?? "");
    sent.setRequestHeader("Content-Type", "application/octet-stream");
    sent.upload.onprogress = ({ loaded }) => told(loaded);
    sent.onload = () => {
      if (sent.status < 300) resolve(JSON.parse(sent.responseText));
      else reject(new Problem(sent.status, said(sent.responseText)));
    };
    sent.onerror = () => reject(new Problem(0, {}));
    sent.onabort = () => reject(signal.reason);
    const abort = () => sent.abort();
    signal.addEventListener("abort", abort);
    sent.onloadend = () => signal.removeEventListener("abort", abort);
    sent.send(bytes);
  });
}

function said(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** Try again, more and more slowly, what may succeed later. */
async function trying(does, { signal, stalled }) {
  for (let tries = 1, wait = FIRST_WAIT; ; tries += 1, wait = Math.min(LONGEST_WAIT, wait * 2)) {
    try {
      const answer = await does();
      stalled(false);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const lost = error.status === 0;
      const busy = error.status >= 500 && error.status !== 507;
      const slower = error.status === 429 || error.status === 408;
      if (!(lost || ((busy || slower) && tries < MOST_TRIES))) throw error;
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
