/**
 * What people do to things: claims made in batches, told when they are, and taken back again.
 */

import { getJson, postJson } from "./http.js";
import { page } from "./page.js";
import { say, sayError } from "./toast.js";

/** Claims sent at a time: enough to be fast, and few enough to tell how far it is. */
const BATCH = 500;

/** Members a new set is made with; more are added afterwards. */
const FIRST_MEMBERS = 2000;

/**
 * @typedef {{permanode: string, act: "set"|"add"|"del", attribute: string, value?: string}
 *   | {act: "delete", target: string}} Claim
 * @typedef {(done: number, total: number) => void} Told
 * @typedef {{claims?: string[], things?: string[]}} Made  What can be taken back: claims, and things
 *   that are new.
 */

/** Where a call of the API is. @param {string} name */
export function api(name) {
  return page.urls.api + name;
}

/** Whether something can be changed here at all. */
export function isWritable() {
  return Boolean(page.urls.api && page.writable);
}

/** Why nothing can be changed where that is so. */
export const READ_ONLY =
  "This server has no key to sign with, so nothing can be changed here. " +
  "Give it an identity in its configuration to change that.";

let isChanged = false;

/** Whether this page has changed anything since it was opened: what it came with may be old. */
export function hasChanged() {
  return isChanged;
}

/** Tell whatever shows things that they may have changed. */
export function changed() {
  isChanged = true;
  window.dispatchEvent(new CustomEvent("holdfast:changed", { detail: { own: true } }));
}

/** Some claims were made, and then something went wrong: they can be undone. */
export class StoppedHalfway extends Error {
  /** @param {Error & {remedy?: string}} cause @param {string[]} made @param {number} total */
  constructor(cause, made, total) {
    super(cause.message, { cause });
    this.remedy = cause.remedy;
    this.made = made;
    this.total = total;
  }
}

/**
 * Make claims, in their order.
 * @param {Claim[]} claims
 * @param {Told} [told] after each batch
 * @returns {Promise<string[]>} the refs of the claims, for `undo`
 */
export function makeClaims(claims, told) {
  return inBatches("claims", claims, told);
}

/**
 * Take claims back: the answer takes back the taking back.
 * @param {string[]} refs
 * @param {Told} [told]
 * @returns {Promise<string[]>}
 */
export function undo(refs, told) {
  return inBatches("undo", refs, told);
}

async function inBatches(call, all, told) {
  const made = [];
  try {
    for (let at = 0; at < all.length; at += BATCH) {
      const { claims } = await postJson(api(call), { claims: all.slice(at, at + BATCH) });
      made.push(...claims);
      told?.(Math.min(at + BATCH, all.length), all.length);
    }
  } catch (error) {
    throw made.length ? new StoppedHalfway(error, made, all.length) : error;
  } finally {
    if (made.length) changed();
  }
  return made;
}

/**
 * Make a set, or any other new thing.
 * @param {[string, string][]} attributes
 * @param {string[]} [members]
 * @param {Told} [told]
 * @returns {Promise<string>} its ref
 */
export async function create(attributes, members = [], told) {
  const first = members.slice(0, FIRST_MEMBERS);
  const { ref } = await postJson(api("create"), { attributes, members: first });
  const rest = members.slice(FIRST_MEMBERS);
  changed();
  await makeClaims(
    rest.map((value) => ({ permanode: ref, act: "add", attribute: "camliMember", value })),
    (done) => told?.(done + first.length, members.length),
  );
  return ref;
}

/**
 * Do something that makes claims, tell how far it is if it takes long, and offer to undo it.
 *
 * @param {object} what
 * @param {string} what.doing "Adding the tag"
 * @param {string} what.done "Tagged 3 things"
 * @param {(told: Told) => Promise<Made>} what.run
 * @param {() => void} [what.onUndone]
 * @returns {Promise<boolean>} whether it was done
 */
export async function act({ doing, done, run, onUndone }) {
  let progress = null;
  const told = (count, total) => {
    if (!progress && count < total) progress = say(doing, { seconds: 0 });
    const far = `${count.toLocaleString()} of ${total.toLocaleString()}`;
    progress?.update(`${doing}: ${far}`, count / total);
  };
  try {
    offerUndo(done, await run(told), onUndone);
    return true;
  } catch (error) {
    sayStopped(error, doing);
    return false;
  } finally {
    progress?.close();
  }
}

/**
 * Say what was done, with a button that undoes it, which in turn can be undone.
 * @param {string} text
 * @param {Made} made
 * @param {() => void} [onUndone]
 */
export function offerUndo(text, made, onUndone) {
  const { claims = [], things = [] } = made;
  if (!claims.length && !things.length) return void say(text);
  const back = () => undoing(text, made, "Undo", onUndone);
  return void say(text, { action: { label: "Undo", run: back }, seconds: 12 });
}

async function undoing(text, { claims = [], things = [] }, label, onUndone) {
  try {
    const counter = claims.length ? await undo(claims) : [];
    counter.push(...(await makeClaims(things.map((target) => ({ act: "delete", target })))));
    onUndone?.();
    const next = label === "Undo" ? "Redo" : "Undo";
    const again = () => undoing(text, { claims: counter }, next, onUndone);
    const said = label === "Undo" ? `Undone: ${text}` : text;
    say(said, { action: { label: next, run: again }, seconds: 12 });
  } catch (error) {
    sayStopped(error, `${label} failed`);
  }
}

function sayStopped(error, doing) {
  if (!(error instanceof StoppedHalfway)) return void sayError(error, `${doing}: not done`);
  const made = error.made.length.toLocaleString();
  sayError(error, `${doing}: stopped after ${made} of ${error.total.toLocaleString()}`);
  return offerUndo(`${made} changes were made before that`, { claims: error.made });
}

/**
 * How a number of things is said.
 * @param {number} count
 * @param {string} one "thing"
 * @param {string} [many] "things"
 */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** Tags there are, the commonest first. @param {string} match @param {AbortSignal} [signal] */
export async function findTags(match, signal) {
  return (await getJson(api("tags"), { match }, { signal })).tags;
}

/**
 * Sets whose titles fit.
 * @param {string} match
 * @param {AbortSignal} [signal]
 * @param {number} [limit]
 */
export async function findSets(match, signal, limit = 50) {
  return (await getJson(api("sets"), { match, limit }, { signal })).items;
}
