/** One share as a line: what it opens, until when, how often it was used; to copy and to revoke. */

import { api, changed, offerUndo } from "./acts.js";
import { ask } from "./dialog.js";
import { el } from "./dom.js";
import { momentWords } from "./format.js";
import { postJson } from "./http.js";
import { shareResult } from "./shareform.js";
import { sayError } from "./toast.js";

/**
 * @typedef {object} Share
 * @property {string} claim
 * @property {string} url
 * @property {string|null} target
 * @property {string|null} search
 * @property {string} title
 * @property {"open"|"expired"|"revoked"|"used up"} state
 * @property {string|null} expires
 * @property {string} created
 * @property {boolean} password
 * @property {number|null} downloads
 * @property {number} used
 */

/**
 * @param {Share} share
 * @param {() => void} onRevoked
 */
export function shareRow(share, onRevoked) {
  const { title, state, target, search } = share;
  const what = title || search || target || "Share";
  const href = target ? `/ui/${target}` : `/ui/?q=${encodeURIComponent(search ?? "")}`;
  const revoking = () => revoke([share], onRevoked);
  return el(
    "li",
    { class: `row share-row share-${state.replace(" ", "-")}`, dataset: { claim: share.claim } },
    el(
      "a",
      { class: "row-link", href },
      el(
        "span",
        { class: "row-words" },
        el("span", { class: "row-title", dir: "auto" }, what),
        el("span", { class: "row-note" }, conditions(share)),
      ),
    ),
    el(
      "span",
      { class: "row-end" },
      el("span", { class: `badge share-state share-state-${state.replace(" ", "-")}` }, state),
      state === "open" && button("Link", `Show the link of ${what}`, () => showLink(share)),
      state !== "revoked" &&
        button("Revoke", `Revoke the share of ${what}`, revoking, "tone-danger"),
    ),
  );
}

function button(words, label, click, tone = "") {
  const named = { type: "button", class: `button button-small ${tone}`, "aria-label": label };
  return el("button", { ...named, on: { click } }, words);
}

function showLink(share) {
  const title = "The link";
  ask({ title, className: "share-form", submit: "", cancel: "Close", content: shareResult(share) });
}

function conditions({ expires, password, downloads, used, created }) {
  const parts = [`Made ${momentWords(created)}`];
  if (expires) parts.push(`until ${momentWords(expires)}`);
  if (password) parts.push("with a password");
  if (downloads !== null) parts.push(`${used} of ${downloads} downloads`);
  else if (used) parts.push(`downloaded ${used} times`);
  return parts.join(", ");
}

/**
 * Have links open nothing any longer, with an offer to undo it.
 * @param {Share[]} shares
 * @param {() => void} onRevoked
 */
export async function revoke(shares, onRevoked) {
  try {
    const claims = shares.map(({ claim }) => claim);
    const answer = await postJson(api("shares/revoke"), { claims });
    changed();
    const text = shares.length === 1 ? "Share revoked" : `${shares.length} shares revoked`;
    offerUndo(text, { claims: answer?.claims ?? [] }, onRevoked);
    onRevoked();
  } catch (error) {
    sayError(error, "The share was not revoked", () => revoke(shares, onRevoked));
  }
}
