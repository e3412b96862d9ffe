/** Files on their way: large ones in pieces, where the server has got to, small ones together. */

import { api } from "./acts.js";
import { getJson, Problem, request } from "./http.js";
import { patiently, post, proven } from "./uploadproof.js";

/** Bytes sent at a time, and at most of files that are sent together. */
export const PIECE = 8 * 1024 * 1024;

const MOST_BEGUN = 5; // times that one file is begun anew, because the server has forgotten it

/** The file is no longer there, or no longer what it was. */
export class Unreadable extends Error {
  constructor() {
    super("The file cannot be read any more: it was changed, moved or deleted");
  }
}

/**
 * @typedef {{ref: string, content: string, known: boolean, whole: string}} Done
 *
 * @typedef {object} Sending
 * @property {AbortSignal} signal
 * @property {(sent: number) => void} told
 * @property {(waiting: boolean) => void} stalled
 */

/**
 * Send a file, from where it was left off.
 * @param {File} file
 * @param {Sending & {upload: string|null, set: string|null, begun: (upload: string) => void}}
 *     sending `upload` is the server's name for it, if it was begun before.
 * @returns {Promise<Done>}
 * @throws {Problem|Unreadable} when trying again is of no use, or `AbortError`
 */
export async function sendFile(file, sending) {
  let { upload } = sending;
  for (let times = 1; ; times += 1) {
    try {
      return await sendOn(file, upload, sending);
    } catch (error) {
      // A server that was started anew knows of no uploads.
      if (!error.isForgotten || times === MOST_BEGUN) throw error;
      upload = null;
    }
  }
}

async function sendOn(file, known, sending) {
  const again = (does) => patiently(does, sending);
  let { upload, offset, done } = await again(() => begin(file, known, sending));
  sending.begun(upload);
  while (!done) {
    sending.told(offset);
    const at = offset;
    ({ offset, done } = await again(() => put(upload, at, file, sending)));
    // A server that never gets further would have us go on for ever.
    if (!done && offset <= at && at < file.size) throw new Problem(409, { error: "It is stuck" });
  }
  sending.told(file.size);
  return done;
}

/**
 * Send small files in one request. All of them arrive, or none does.
 * @param {{file: File, set: string|null}[]} files
 * @param {Sending} sending
 * @returns {Promise<Done[]>}
 * @throws {Problem|Unreadable} when trying again is of no use, or `AbortError`
 */
export async function sendTogether(files, sending) {
  const said = files.map(({ file, set }) => declared(file, set));
  const contents = await Promise.all(files.map(({ file }) => read(file)));
  const head = `${JSON.stringify({ files: said })}\n`;
  const body = new Blob([head, ...contents]);
  const before = body.size - files.reduce((sum, { file }) => sum + file.size, 0);
  const told = (sent) => sending.told(Math.max(0, sent - before));
  const answer = await patiently(
    () => send("POST", "upload/together", body, sending.signal, told),
    sending,
  );
  return answer.files;
}

/** Have the server forget what it has of a file. @param {string} upload */
export async function giveUp(upload) {
  await proven((headers) => request("DELETE", api(`upload/${upload}`), { headers }));
}

async function begin(file, upload, { set, signal }) {
  if (upload) {
    try {
      return { upload, ...(await getJson(api(`upload/${upload}`), {}, { signal })) };
    } catch (error) {
      if (error.status !== 404) throw error; // else the server has forgotten it
    }
  }
  return post("upload", declared(file, set), { signal });
}

function declared({ name, size, lastModified }, set) {
  return { name, size, modified: new Date(lastModified).toISOString(), set };
}

async function read(blob) {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw new Unreadable();
  }
}

async function put(upload, offset, file, { signal, told }) {
  const call = `upload/${upload}?offset=${offset}`;
  // The browser reads it itself while it sends, so that no bytes of it are in this page's memory.
  const piece = file.slice(offset, offset + PIECE);
  try {
    return await send("PUT", call, piece, signal, (sent) => told(offset + sent));
  } catch (error) {
    // Something of it came through before, unnoticed by us.
    if (error.status === 409 && Number.isInteger(error.said.offset)) return error.said;
    // Whether it is the connection or the file, a browser does not tell.
    if (error.status === 0) await read(file.slice(offset, offset + 1));
    if (error.status === 404) error.isForgotten = true; // and not its set
    throw error;
  }
}

/** As `fetch` does not tell how much of a body is sent. */
function send(method, call, body, signal, told) {
  return proven(
    (headers) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const sent = new XMLHttpRequest();
        sent.open(method, api(call));
        sent.setRequestHeader("Content-Type", "application/octet-stream");
        for (const [name, value] of Object.entries(headers)) sent.setRequestHeader(name, value);
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
        sent.send(body);
      }),
  );
}

function said(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
