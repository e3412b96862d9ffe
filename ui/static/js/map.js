/** Where things were made, on a map that needs nobody else's server. */

import { api, counted } from "./acts.js";
import { announce, el, isTyping } from "./dom.js";
import { getJson } from "./http.js";
import { addShortcuts } from "./keys.js";
import { Lightbox } from "./lightbox.js";
import { Camera, NEAREST } from "./mapcamera.js";
import { Land } from "./mapland.js";
import { apart, Markers } from "./mapmarkers.js";
import { thingUrl } from "./page.js";
import { ItemList } from "./timeline.js";
import { explain } from "./toast.js";

const SETTLED = 180; // milliseconds without a movement after which is asked what is there
const STEP = 120; // pixels that an arrow key goes
const SEARCHED = 14; // zoom from which on things in one place are shown as a list

/** Show the page. */
export function start() {
  const asked = new URLSearchParams(location.search).get("q") ?? "";
  return new MapPage(document.getElementById("main"), asked).begin();
}

class MapPage {
  constructor(main, query) {
    this.query = query;
    this.camera = new Camera();
    this.land = new Land(() => this.drawSoon());
    this.markers = new Markers((place) => this.#choose(place));
    this.canvas = el("canvas", { class: "map-canvas", "aria-hidden": "true" });
    this.window = el(
      "div",
      {
        class: "map-window",
        tabindex: 0,
        role: "group",
        "aria-label": "Map. Arrow keys move it, plus and minus zoom.",
      },
      this.canvas,
      this.markers.element,
    );
    this.note = el("p", { class: "map-note", role: "status" });
    this.list = el("a", { class: "button", href: "/ui/" }, "Show these as a list");
    const button = (label, words, click) => {
      const look = { type: "button", class: "map-button", "aria-label": label, title: label };
      return el("button", { ...look, on: { click } }, words);
    };
    const tools = el(
      "div",
      { class: "map-tools" },
      button("Zoom in", "+", () => this.#zoom(1)),
      button("Zoom out", "−", () => this.#zoom(-1)),
      button("Show everything", "⤢", () => this.#showAll()),
    );
    main.append(
      el(
        "section",
        { class: "map", "aria-label": "Map" },
        el("h1", { class: "visually-hidden" }, query ? `Map of ${query}` : "Map"),
        this.window,
        tools,
        el("div", { class: "map-foot" }, this.note, this.list),
      ),
    );
    this.pointers = new Map();
    this.lightbox = new Lightbox({
      source: () => this.opened,
      returnTo: () => this.from?.focus(),
    });
  }

  async begin() {
    new ResizeObserver(() => this.#resize()).observe(this.window);
    this.#resize();
    this.#listen();
    window.addEventListener("holdfast:changed", () => this.#settleSoon());
    // Somebody has put another place into the address, or followed a link to one.
    window.addEventListener("hashchange", () => this.#lookAsAddressed());
    if (!this.#lookAsAddressed()) await this.#showAll();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.drawSoon());
    const options = { attributes: true, attributeFilter: ["data-theme"] };
    new MutationObserver(() => this.drawSoon()).observe(document.documentElement, options);
  }

  /** Look at the place in the address; whether there is one. */
  #lookAsAddressed() {
    const place = placeIn(location.hash);
    if (!place) return false;
    this.camera.look(place);
    this.drawSoon();
    this.#ask();
    return true;
  }

  drawSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
    });
  }

  #draw() {
    const context = this.canvas.getContext("2d");
    this.land.draw(context, this.camera, coloursOf(this.window), devicePixelRatio);
    this.markers.place(this.camera);
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.window;
    this.canvas.width = width * devicePixelRatio;
    this.canvas.height = height * devicePixelRatio;
    this.camera.resize(width, height);
    this.drawSoon();
  }

  // Moving ---------------------------------------------------------------------------------------

  #moved() {
    this.drawSoon();
    this.#settleSoon();
  }

  #settleSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), SETTLED);
  }

  #zoom(steps, left, top) {
    this.camera.zoomBy(steps, left, top);
    this.#moved();
  }

  async #showAll() {
    const world = { north: 85, west: -180, south: -85, east: 180, zoom: 0 };
    try {
      const { area, places } = await getJson(api("map"), { q: this.query, ...world });
      this.isEmpty = !places.length;
      if (placeIn(location.hash)) return; // somebody has gone to a place meanwhile
      if (area) this.camera.fit(area);
      else this.camera.look({ latitude: 25, longitude: 10, zoom: 1 });
    } catch (error) {
      this.#complain(error);
    }
    this.drawSoon();
    await this.#ask();
  }

  #listen() {
    const { window: view } = this;
    view.addEventListener("pointerdown", (event) => this.#onDown(event));
    view.addEventListener("pointermove", (event) => this.#onMove(event));
    for (const end of ["pointerup", "pointercancel"]) {
      view.addEventListener(end, (event) => this.#onUp(event));
    }
    // What follows a drag is no press.
    view.addEventListener(
      "click",
      (event) => {
        if (!this.dragged) return;
        event.preventDefault();
        event.stopPropagation();
      },
      true,
    );
    view.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const { left, top } = view.getBoundingClientRect();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
        const steps = Math.max(-1, Math.min(1, (-event.deltaY * lines) / 240));
        this.#zoom(steps, event.clientX - left, event.clientY - top);
      },
      { passive: false },
    );
    view.addEventListener("dblclick", (event) => {
      if (event.target.closest("button")) return;
      const { left, top } = view.getBoundingClientRect();
      this.#zoom(1, event.clientX - left, event.clientY - top);
    });
    view.addEventListener("keydown", (event) => this.#onKey(event));
    // The browser may scroll to a marker that gets the keyboard; the map goes there instead.
    view.addEventListener("focusin", (event) => {
      view.scrollTo(0, 0);
      if (event.target.matches(".map-marker:focus-visible")) this.#reveal(event.target);
    });
    addShortcuts(
      { keys: "+ =", label: "Zoom in", group: "Map", run: () => this.#zoom(1) },
      { keys: "-", label: "Zoom out", group: "Map", run: () => this.#zoom(-1) },
      { keys: "0", label: "Show everything", group: "Map", run: () => this.#showAll() },
    );
  }

  #reveal(marker) {
    const around = this.window.getBoundingClientRect();
    const { left, top } = marker.getBoundingClientRect();
    const right = left - around.left;
    const down = top - around.top;
    const isIn = right > 30 && down > 30 && right < around.width - 60 && down < around.height - 60;
    if (isIn) return;
    this.camera.pan(right - around.width / 2, down - around.height / 2);
    this.#moved();
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const step = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, -STEP],
      ArrowDown: [0, STEP],
    }[event.key];
    if (!step) return;
    event.preventDefault();
    this.camera.pan(...step);
    this.#moved();
  }

  #onDown(event) {
    if (event.button) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 1) {
      this.dragged = false;
      this.began = { x: event.clientX, y: event.clientY };
    }
  }

  #onMove(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (!this.dragged) {
      if (Math.hypot(now.x - this.began.x, now.y - this.began.y) < 5) return;
      this.dragged = true;
    }
    this.window.setPointerCapture(event.pointerId);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const { left, top } = this.window.getBoundingClientRect();
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(now.x - other.x, now.y - other.y);
      const middle = [(now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top];
      this.camera.pan((before.x - now.x) / 2, (before.y - now.y) / 2);
      if (was > 0 && is > 0) this.camera.zoomBy(Math.log2(is / was), ...middle);
    } else {
      this.camera.pan(before.x - now.x, before.y - now.y);
    }
    this.pointers.set(event.pointerId, now);
    this.#moved();
  }

  #onUp(event) {
    this.pointers.delete(event.pointerId);
    // The click that follows comes first.
    if (!this.pointers.size) setTimeout(() => (this.dragged = false));
  }

  // What is there --------------------------------------------------------------------------------

  async #ask() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const { camera } = this;
    const area = camera.area();
    this.#keepPlace(area);
    try {
      const parameters = { q: this.query, ...area, zoom: Math.round(camera.zoom) };
      const { places, whole } = await getJson(api("map"), parameters, { signal });
      if (signal.aborted) return;
      this.isEmpty &&= !places.length;
      this.markers.update(apart(places, camera));
      this.drawSoon();
      this.#tell(places, whole);
    } catch (error) {
      if (!signal.aborted) this.#complain(error);
    }
  }

  #tell(places, whole) {
    const count = places.reduce((sum, place) => sum + place.count, 0);
    const none = this.isEmpty ? this.#noneAtAll() : "Nothing was made here.";
    const rest = whole ? "" : ", of the newest million";
    this.note.textContent = count ? `${counted(count, "thing")} here${rest}` : none;
    this.list.hidden = !count;
  }

  #noneAtAll() {
    return this.query
      ? "Nothing that is searched for says where it was made."
      : "No thing says where it was made.";
  }

  #complain(error) {
    this.note.textContent = explain(error, "It could not be told what is here");
  }

  #keepPlace(area) {
    const { latitude, longitude, zoom } = this.camera.place;
    const place = [latitude.toFixed(4), longitude.toFixed(4), zoom.toFixed(2)].join(",");
    history.replaceState(history.state, "", `${location.pathname}${location.search}#${place}`);
    this.list.href = this.#searchUrl(area);
  }

  #searchUrl({ north, west, south, east }) {
    const box = [north, west, south, east].map((degrees) => degrees.toFixed(5)).join(",");
    const rest = this.query ? `(${this.query}) ` : "";
    return `/ui/?q=${encodeURIComponent(`${rest}locrect:${box}`)}`;
  }

  #choose(place) {
    const { count, item, latitude, longitude } = place;
    this.from = document.activeElement;
    if (count === 1 && item) {
      if (!item.content || item.kind === "folder") return void location.assign(thingUrl(item));
      this.opened = new ItemList([item]);
      this.lightbox.open(0);
    } else if (this.camera.zoom >= Math.min(SEARCHED, NEAREST)) {
      const reach = 0.002;
      const [north, south] = [latitude + reach, latitude - reach];
      const [west, east] = [longitude - reach, longitude + reach];
      location.assign(this.#searchUrl({ north, west, south, east }));
    } else {
      this.camera.look({ latitude, longitude, zoom: this.camera.zoom + 2 });
      announce("Nearer");
      // The marker goes, and the keyboard must not go with it.
      this.window.focus({ preventScroll: true });
      this.#moved();
    }
    return undefined;
  }
}

/** The place that `#LATITUDE,LONGITUDE,ZOOM` names, if it does. */
function placeIn(hash) {
  const parts = hash.slice(1).split(",");
  const [latitude, longitude, zoom] = parts.map((part) => (part.trim() ? Number(part) : NaN));
  const isPlace = parts.length === 3 && [latitude, longitude, zoom].every(Number.isFinite);
  return isPlace ? { latitude, longitude, zoom } : null;
}

function coloursOf(element) {
  const style = getComputedStyle(element);
  return {
    water: style.backgroundColor,
    land: style.color,
    shore: style.borderTopColor,
    lines: style.outlineColor,
  };
}
