/** The address of a place on the map, as `map.js` reads it. */

/** From where a town is seen as a whole. */
const ZOOM = 10;

/** @param {{latitude: number, longitude: number}} place */
export function mapUrl({ latitude, longitude }) {
  return `/ui/map#${latitude.toFixed(5)},${longitude.toFixed(5)},${ZOOM}`;
}
