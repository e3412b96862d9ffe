/** The things on a map: buttons with a picture and a number, over what is drawn. */

import { el } from "./dom.js";
import { titleOf } from "./itemrow.js";
import { thumbnailUrl } from "./page.js";
import { kindDrawing } from "./tile.js";

/**
 * @typedef {object} Place
 * @property {number} latitude
 * @property {number} longitude
 * @property {number} count
 * @property {import("./page.js").Item|null} item one of them, or the only one
 */

/** Pixels that two markers are apart at least: as wide as those are that have a number. */
const APART = 64;

/**
 * The places with those taken together that would lie over one another.
 * @param {Place[]} places
 * @param {import("./mapcamera.js").Camera} camera
 * @returns {Place[]}
 */
export function apart(places, camera) {
  const kept = [];
  for (const place of [...places].sort((one, other) => other.count - one.count)) {
    const { left, top } = camera.pixels(place);
    const near = kept.find((one) => Math.hypot(one.left - left, one.top - top) < APART);
    if (near) near.count += place.count;
    else kept.push({ place, left, top, count: place.count });
  }
  return kept.map(({ place, count }) => ({ ...place, count }));
}

export class Markers {
  /** @param {(place: Place) => void} choose */
  constructor(choose) {
    this.choose = choose;
    /** @type {Map<string, {place: Place, element: HTMLElement}>} */
    this.shown = new Map();
    this.element = el("ul", { class: "map-markers", "aria-label": "Things on the map" });
  }

  /** Show these and no others. Those that stay keep the keyboard. @param {Place[]} places */
  update(places) {
    const next = new Map(places.map((place) => [keyOf(place), place]));
    for (const [key, { element }] of this.shown) {
      if (next.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    for (const [key, place] of next) {
      if (this.shown.has(key)) continue;
      const element = this.#marker(place);
      this.element.append(element);
      this.shown.set(key, { place, element });
    }
  }

  /** Put all where they belong. @param {import("./mapcamera.js").Camera} camera */
  place(camera) {
    for (const { place, element } of this.shown.values()) {
      const { left, top } = camera.pixels(place);
      element.style.translate = `${left}px ${top}px`;
      const isOut = left < -60 || top < -60 || left > camera.width + 60 || top > camera.height + 60;
      element.hidden = isOut;
    }
  }

  #marker(place) {
    const { count, item } = place;
    const picture = item?.cover
      ? el("img", { src: thumbnailUrl(item.cover, 64), alt: "", decoding: "async" })
      : kindDrawing(item ?? { kind: "other" });
    const words = count === 1 && item ? titleOf(item) : `${count.toLocaleString()} things`;
    const where = `${place.latitude.toFixed(2)}, ${place.longitude.toFixed(2)}`;
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: `map-marker ${count > 1 ? "map-cluster" : ""}`,
          "aria-label": `${words}, at ${where}`,
          title: words,
          on: { click: () => this.choose(place) },
        },
        el("span", { class: "map-picture" }, picture),
        count > 1 && el("span", { class: "map-count", "aria-hidden": "true" }, short(count)),
      ),
    );
  }
}

function keyOf({ latitude, longitude, count, item }) {
  return [latitude, longitude, count, item?.ref].join("|");
}

function short(count) {
  if (count < 1000) return String(count);
  return count < 10_000 ? `${(count / 1000).toFixed(1)}k` : `${Math.round(count / 1000)}k`;
}
