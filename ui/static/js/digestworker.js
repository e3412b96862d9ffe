/** A thread that reads files and tells the refs of their contents: `{file}` in, `{whole}` out. */

import { Sha224 } from "./sha224.js";

const STEP = 2 * 1024 * 1024; // bytes read at a time

addEventListener("message", async ({ data: { file } }) => {
  try {
    const digest = new Sha224();
    for (let at = 0; at < file.size; at += STEP) {
      digest.update(new Uint8Array(await file.slice(at, at + STEP).arrayBuffer()));
      postMessage({ read: Math.min(at + STEP, file.size) });
    }
    postMessage({ whole: `sha224-${digest.hex()}` });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
