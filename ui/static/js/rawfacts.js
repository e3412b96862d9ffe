/** What is stored of a thing, byte for byte, for those who want to know. */

import { el } from "./dom.js";
import { request } from "./http.js";
import { explain } from "./toast.js";

const MOST_SHOWN = 200_000;

/**
 * A folded part of the page; nothing is asked for before it is opened.
 * @param {string} ref
 * @param {string|null} content
 */
export function rawFacts(ref, content) {
  const refs = [...new Set([ref, content].filter(Boolean))];
  const parts = refs.map((one) => {
    const text = el("pre", { class: "raw-text", tabindex: 0, "aria-label": `Blob ${one}` }, "…");
    return { ref: one, text };
  });
  const details = el(
    "details",
    { class: "side raw" },
    el("summary", {}, "As it is stored"),
    parts.map(({ ref: one, text }) => [
      el("p", { class: "mono small" }, el("a", { href: `/bs/camli/${one}` }, one)),
      text,
    ]),
  );
  const open = () => {
    if (details.open) for (const part of parts) read(part);
  };
  details.addEventListener("toggle", open, { once: true });
  return details;
}

async function read({ ref, text }) {
  try {
    const answer = await request("GET", `/bs/camli/${ref}`, { headers: { Accept: "*/*" } });
    const words = await answer.text();
    text.textContent = words.length > MOST_SHOWN ? `${words.slice(0, MOST_SHOWN)}\n…` : words;
  } catch (error) {
    text.textContent = explain(error, "It cannot be read");
  }
}
