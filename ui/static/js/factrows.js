/** What is known of a thing, as the rows of a description list; its place leads to the map. */

import { el } from "./dom.js";
import { mapUrl } from "./maplink.js";
import { page } from "./page.js";

const PLACE = "Place";

/**
 * @param {{label: string, value: any}[]} facts
 * @param {{latitude: number, longitude: number}|null} place  Where it was made, if that is known.
 */
export function factRows(facts, place) {
  const isSaid = facts.some(({ label }) => label === PLACE);
  const rows = place && !isSaid ? [...facts, { label: PLACE, value: words(place) }] : facts;
  return rows.map(({ label, value }) => {
    const isLink = label === PLACE && place && page.urls.api;
    const shown = isLink ? el("a", { href: mapUrl(place) }, String(value)) : String(value);
    return [el("dt", {}, label), el("dd", { dir: "auto" }, shown)];
  });
}

/** As the server writes places: `48.8584° N, 2.2945° E`. */
function words({ latitude, longitude }) {
  return `${degrees(latitude, "N", "S")}, ${degrees(longitude, "E", "W")}`;
}

function degrees(value, positive, negative) {
  return `${Math.abs(value).toFixed(4)}° ${value < 0 ? negative : positive}`;
}
