/**
 * The corner that says how the server is: what is still to be indexed or uploaded, and
 * whether it can be reached. Hears of changes, and tells the page of them.
 *
 * The window gets `holdfast:changed` (detail: `{stamp}`) when things may have changed, and
 * `holdfast:state` (detail: the state) when the server's state has.
 */

import { api, counted } from "./acts.js";
import { el } from "./dom.js";
import { getJson } from "./http.js";
import { page } from "./page.js";

const FIRST_WAIT = 1000; // milliseconds
const LONGEST_WAIT = 60_000;
const SILENCE = 3000; // milliseconds without a connection before anybody is told

/** Begin to listen, and fill `#state` if the page has it. */
export function start() {
  if (!page.urls.api) return;
  const corner = document.getElementById("state");
  const changes = new Changes(api("changes"));
  if (corner) new Corner(corner, changes);
  changes.open();
}

/**
 * The server's events. A hidden page lets go of its connection, as browsers have few of them for
 * one server, and catches up when it is shown again.
 */
class Changes extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.wait = FIRST_WAIT;
    this.stamp = page.stamp ?? null; // what happened since the page was made is news
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.close();
      else this.open();
    });
    window.addEventListener("online", () => this.open());
    window.addEventListener("offline", () => this.#lost(true));
    window.addEventListener("pagehide", () => this.close());
  }

  open() {
    this.close();
    if (document.hidden) return;
    this.source = new EventSource(this.url);
    this.source.addEventListener("open", () => {
      this.wait = FIRST_WAIT;
      this.#tell("online", null);
    });
    this.source.addEventListener("error", () => this.#lost(false));
    this.source.addEventListener("change", ({ data }) => {
      const first = this.stamp === null;
      const news = data !== this.stamp;
      this.stamp = data;
      if (news && !first) {
        const detail = { stamp: data };
        window.dispatchEvent(new CustomEvent("holdfast:changed", { detail }));
      }
    });
    this.source.addEventListener("state", ({ data }) => this.#tell("state", JSON.parse(data)));
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** The browser would try again by itself, but not after every kind of error, nor more slowly. */
  #lost(surely) {
    // What was answered, but refused, may be so since one is signed out: whatever asks hears of that.
    if (this.source?.readyState === EventSource.CLOSED) getJson(api("state")).catch(() => {});
    this.close();
    this.#tell("offline", { surely });
    this.timer = setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

class Corner {
  /** @param {HTMLElement} element @param {Changes} changes */
  constructor(element, changes) {
    this.state = null;
    this.offline = false;
    this.text = el("span", { class: "state-text", role: "status" });
    this.facts = el("dl", { class: "state-facts" });
    this.retry = el(
      "button",
      { type: "button", class: "button", hidden: true, on: { click: () => changes.open() } },
      "Try now",
    );
    const panel = el(
      "div",
      { class: "state-panel", id: "state-panel", popover: "auto", "aria-label": "State" },
      this.facts,
      this.retry,
      el("p", {}, el("a", { href: "/status/" }, "All about this server")),
    );
    this.button = el(
      "button",
      { type: "button", class: "state-button", popovertarget: "state-panel" },
      el("span", { class: "state-light", "aria-hidden": "true" }),
      this.text,
    );
    element.replaceChildren(this.button, panel);
    changes.addEventListener("online", () => this.#isOnline(true));
    changes.addEventListener("offline", ({ detail }) => this.#isOnline(false, detail.surely));
    changes.addEventListener("state", ({ detail }) => this.#take(detail));
    this.#show();
    getJson(api("state")).then(
      (state) => this.state ?? this.#take(state),
      () => {}, // the events will tell, or that there are none
    );
  }

  #isOnline(yes, surely = false) {
    if (yes) {
      clearTimeout(this.doubt);
      this.doubt = null;
      this.offline = false;
      this.#show();
    } else {
      // A server that is restarted is back at once, and nobody needs to know.
      this.doubt ??= setTimeout(
        () => {
          this.offline = true;
          this.#show();
        },
        surely ? 0 : SILENCE,
      );
    }
  }

  #take(state) {
    this.state = state;
    this.#show();
    window.dispatchEvent(new CustomEvent("holdfast:state", { detail: state }));
  }

  #show() {
    const { light, text } = this.offline
      ? { light: "bad", text: "Offline" }
      : summary(this.state);
    this.button.dataset.light = light;
    if (this.text.textContent !== text) this.text.textContent = text;
    this.button.classList.toggle("state-quiet", light === "good");
    this.retry.hidden = !this.offline;
    const rows = facts(this.state, this.offline);
    const listed = rows.flatMap(([name, is]) => [el("dt", {}, name), el("dd", {}, is)]);
    this.facts.replaceChildren(...listed);
  }
}

function summary(state) {
  const { index, uploading } = state ?? {};
  if (!state) return { light: "unknown", text: "Connecting" };
  if (index?.trouble || index?.error) return { light: "bad", text: "Index needs help" };
  if (index && !index.complete) {
    const left = amount(index.unread, index);
    return { light: "busy", text: index.unread ? `Indexing, ${left} left` : "Indexing" };
  }
  if (uploading) return { light: "busy", text: `${uploading.toLocaleString()} uploading` };
  return { light: "good", text: "Up to date" };
}

function facts(state, offline) {
  const rows = [["Server", offline ? "out of reach; it is tried again by itself" : "connected"]];
  const { index, uploading, shares } = state ?? {};
  if (index?.error) {
    rows.push(["Index", index.error]);
  } else if (index) {
    rows.push(["Index", index.complete ? "complete" : "catching up with the store"]);
    if (index.trouble) rows.push(["Trouble", index.trouble]);
    if (index.unread) rows.push(["Still to be read", amount(index.unread, index)]);
    if (index.waiting) rows.push(["Waiting for others", amount(index.waiting, index)]);
    if (index.refused) rows.push(["Refused", amount(index.refused, index)]);
  }
  if (uploading) rows.push(["Uploads", counted(uploading, "file")]);
  if (shares) rows.push(["Shares", counted(shares, "open share")]);
  return rows;
}

function amount(number, { countedUpTo }) {
  const said = number.toLocaleString();
  return countedUpTo && number >= countedUpTo ? `${said} or more` : said;
}
