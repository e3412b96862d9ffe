/** Values of attributes as they are shown: links where they say where to, all else as text. */

import { el } from "./dom.js";

const REF = /^(?:sha1|sha224|sha256|blake3)-[0-9a-f]{40,128}$/;
const WEB = /^https?:\/\/[^\s<>"]+$/;

/**
 * A value as it is shown: refs and addresses lead where they say, all else is text.
 * @param {string} value
 */
export function shownValue(value) {
  if (REF.test(value)) {
    const short = value.replace(/-(.{6}).+(.{4})$/, "-$1…$2");
    return el("a", { class: "mono", href: `/ui/${value}`, title: value }, short);
  }
  if (WEB.test(value)) {
    return el("a", { href: value, rel: "noreferrer noopener", target: "_blank" }, value);
  }
  return value === "" ? el("em", { class: "soft" }, "empty") : value;
}

/**
 * The beginning of a text, and that there is more; no character is cut in two.
 * @param {string} text
 * @param {number} most
 */
export function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…` : text;
}
