/** What is stored of a thing, byte for byte, for those who want to know. */

import { el } from "./dom.js";
import { sizeWords } from "./format.js";
import { request } from "./http.js";
import { explain } from "./toast.js";
import { shortened } from "./values.js";

const MOST_SHOWN = 200_000;

/** Bytes of a blob that are asked for: a character has up to four. */
const MOST_READ = 4 * MOST_SHOWN;

const REFS = /((?:sha1-[0-9a-f]{40}|sha224-[0-9a-f]{56}|sha256-[0-9a-f]{64})(?![0-9a-f]))/;

/**
 * A part of the page that is folded unless it `isOpen`; nothing is asked for before.
 * @param {string} ref
 * @param {string|null} content
 * @param {{isOpen?: boolean}} [options]
 */
export function rawFacts(ref, content, { isOpen = false } = {}) {
  const refs = [...new Set([ref, content].filter(Boolean))];
  const parts = refs.map((one) => {
    const text = el("pre", { class: "raw-text", tabindex: 0, "aria-label": `Blob ${one}` }, "…");
    return { ref: one, text };
  });
  const details = el(
    "details",
    { class: "side raw", open: isOpen },
    el("summary", {}, "As it is stored"),
    parts.map(({ ref: one, text }) => [
      el("p", { class: "mono small raw-ref" }, el("a", { href: `/bs/camli/${one}` }, one)),
      text,
    ]),
  );
  const open = () => {
    if (!details.open) return;
    details.removeEventListener("toggle", open);
    for (const part of parts) read(part);
  };
  details.addEventListener("toggle", open);
  return details;
}

async function read({ ref, text }) {
  try {
    const headers = { Accept: "*/*", Range: `bytes=0-${MOST_READ - 1}` };
    const answer = await request("GET", `/bs/camli/${ref}`, { headers });
    const bytes = await answer.arrayBuffer();
    const words = textOf(bytes);
    if (words === null) text.textContent = `No text, but ${sizeWords(sizeOf(answer, bytes))}`;
    else text.replaceChildren(...linked(shortened(words, MOST_SHOWN), ref));
  } catch (error) {
    text.textContent = explain(error, "It cannot be read");
  }
}

function sizeOf(answer, bytes) {
  const [, all] = /\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "") ?? [];
  return Number(all ?? bytes.byteLength);
}

/** Bytes as text; null if they are none. The last character may have been cut in two. */
function textOf(bytes) {
  try {
    const words = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return words.includes("\0") ? null : words;
  } catch {
    return null;
  }
}

/** Refs in a text lead to what they name. */
function linked(words, own) {
  return words.split(REFS).map((part, at) => {
    return at % 2 && part !== own ? el("a", { href: `/ui/${part}` }, part) : part;
  });
}
