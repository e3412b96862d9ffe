/** The dialog that makes a share link, and shows it: to copy, or to point a telephone at. */

import { api, changed, counted } from "./acts.js";
import { ask } from "./dialog.js";
import { announce, el } from "./dom.js";
import { postJson, withParameters } from "./http.js";
import { say } from "./toast.js";

const HOUR = 3600_000;

/** @type {readonly [label: string, milliseconds: number|null][]} */
const PRESETS = Object.freeze([
  ["1 hour", HOUR],
  ["1 day", 24 * HOUR],
  ["1 week", 7 * 24 * HOUR],
  ["30 days", 30 * 24 * HOUR],
  ["Until revoked", null],
]);

/**
 * Ask how to share things, and share them.
 * @param {{refs?: string[], search?: string, title?: string}} what refs of things, or a search:
 *   what it finds is shared, as it will be when somebody looks
 * @returns {Promise<object|null>} the share
 */
export async function share({ refs, search, title }) {
  const form = new ShareForm();
  const what = search ? "this search" : (title ?? counted(refs.length, "thing"));
  const dialog = ask({
    title: `Share ${what}`,
    submit: "Make a link",
    className: "share-form",
    content: form.content,
    onSubmit: async () => {
      const wanted = form.wanted();
      const made = await postJson(api("share"), { ...(search ? { search } : { refs }), ...wanted });
      changed();
      dialog.turn({
        title: "The link is ready",
        content: shareResult(made.share, wanted.password),
        cancel: "Done",
      });
      dialog.body.querySelector("button").focus();
      form.made = made.share;
      return undefined; // it stays open to show the link
    },
  });
  await dialog.closed;
  return form.made;
}

/**
 * What is shown of a share: its link, with ways to pass it on.
 * @param {{url: string, expires: string|null, password: boolean, downloads: number|null}} made
 * @param {string|null} [password] as it was given
 * @returns {Node[]}
 */
export function shareResult(made, password = null) {
  const url = new URL(made.url, location.href).href;
  const field = el("input", {
    class: "field share-link",
    readonly: true,
    value: url,
    "aria-label": "Link",
    on: { focus: () => field.select() },
  });
  const click = () => copy(url, field);
  const button = el("button", { type: "button", class: "button button-primary", on: { click } });
  button.textContent = "Copy link";
  const conditions = [
    made.expires ? `Works until ${new Date(made.expires).toLocaleString()}` : "Works until revoked",
    made.password && "asks for the password",
    made.downloads !== null && `${counted(made.downloads, "download")} at most`,
  ];
  return [
    el("div", { class: "share-result" }, field, button),
    el("p", {}, `${conditions.filter(Boolean).join(", ")}.`),
    password &&
      el("p", { class: "hint" }, "Tell the password by another way: it is not in the link."),
    el("img", {
      class: "share-code",
      src: withParameters("/ui/qr/", { url }),
      alt: "QR code of the link",
      width: 180,
      height: 180,
    }),
  ].filter(Boolean);
}

async function copy(url, field) {
  try {
    await navigator.clipboard.writeText(url);
  } catch {
    // Browsers forbid it to pages that came by plain http.
    field.select();
    if (!document.execCommand("copy")) return announce("Copy it with the keyboard");
  }
  return say("Link copied", { seconds: 4 });
}

class ShareForm {
  constructor() {
    this.made = null;
    const name = "share-expiry";
    this.presets = PRESETS.map(([label, milliseconds], at) => {
      const checked = at === PRESETS.length - 1;
      const radio = el("input", { type: "radio", name, value: at, checked, autofocus: checked });
      radio.addEventListener("change", () => {
        this.date.value = "";
      });
      const row = el("label", { class: "pill" }, radio, el("span", {}, label));
      return { radio, milliseconds, row };
    });
    this.date = el("input", { class: "field", type: "datetime-local", min: localTime(Date.now()) });
    this.date.addEventListener("input", () => {
      for (const { radio } of this.presets) radio.checked = false;
    });
    this.password = el("input", {
      class: "field",
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.downloads = el("input", { class: "field", type: "number", min: 1, max: 1000000, step: 1 });
    this.content = [
      el(
        "fieldset",
        { class: "share-expiry" },
        el("legend", {}, "Works for"),
        el("div", { class: "pills" }, this.presets.map(({ row }) => row)),
        el("label", { class: "field-label" }, "or until", this.date),
      ),
      el("label", { class: "field-label" }, "Password (optional)", this.password),
      el("label", { class: "field-label" }, "Downloads at most (optional)", this.downloads),
      el(
        "p",
        { class: "hint" },
        "Whoever has the link sees these things and all they contain, until you revoke it.",
      ),
    ];
  }

  wanted() {
    return {
      expires: this.#expires(),
      password: this.password.value || null,
      downloads: this.downloads.value ? Number(this.downloads.value) : null,
    };
  }

  #expires() {
    if (this.date.value) {
      const until = new Date(this.date.value);
      if (until <= new Date()) throw new Error("That time is over: choose a later one");
      return until.toISOString();
    }
    const { milliseconds } = this.presets.find(({ radio }) => radio.checked) ?? {};
    return milliseconds ? new Date(Date.now() + milliseconds).toISOString() : null;
  }
}

/** As `datetime-local` has it: in the zone of this browser, to the minute. */
function localTime(milliseconds) {
  const offset = new Date(milliseconds).getTimezoneOffset() * 60_000;
  return new Date(milliseconds - offset).toISOString().slice(0, 16);
}
