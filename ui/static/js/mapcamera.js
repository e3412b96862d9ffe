/**
 * Where a map is looked at from: the Mercator projection, and a window on it. No document.
 *
 * The world is a square of side 1; (0, 0) is 180° west at the northernmost latitude that is shown.
 */

const TILE = 256; // pixels of the world's side at zoom 0, as other maps have it
const NORTHMOST = 85.0511287798;

export const FARTHEST = 0;
export const NEAREST = 17;

/** @param {number} longitude */
export function worldX(longitude) {
  return (longitude + 180) / 360;
}

/** @param {number} latitude */
export function worldY(latitude) {
  const bounded = Math.max(-NORTHMOST, Math.min(NORTHMOST, latitude));
  const sine = Math.sin((bounded * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

/** @param {number} x @returns {number} from -180 to 180 */
export function longitudeOf(x) {
  return (x - Math.floor(x)) * 360 - 180;
}

/** @param {number} y */
export function latitudeOf(y) {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
}

export class Camera {
  constructor() {
    this.x = 0.5;
    this.y = 0.4;
    this.zoom = 1;
    this.width = 1;
    this.height = 1;
  }

  /** What is in the middle. */
  get place() {
    return { latitude: latitudeOf(this.y), longitude: longitudeOf(this.x), zoom: this.zoom };
  }

  /** Pixels of the world's side. */
  get scale() {
    return TILE * 2 ** this.zoom;
  }

  /** @param {number} width @param {number} height of the window, in pixels */
  resize(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.#bound();
  }

  /**
   * Look at a place.
   * @param {{latitude: number, longitude: number, zoom: number}} place
   */
  look({ latitude, longitude, zoom }) {
    this.x = worldX(longitude);
    this.y = worldY(latitude);
    this.zoom = zoom;
    this.#bound();
  }

  /** @param {number} right @param {number} down in pixels, as the window moves over the map */
  pan(right, down) {
    this.x += right / this.scale;
    this.y += down / this.scale;
    this.#bound();
  }

  /**
   * Come nearer, or go farther; what is at a point of the window stays there.
   * @param {number} steps each of which doubles
   * @param {number} [left] of the point, in pixels
   * @param {number} [top]
   */
  zoomBy(steps, left = this.width / 2, top = this.height / 2) {
    const right = left - this.width / 2;
    const down = top - this.height / 2;
    const x = this.x + right / this.scale;
    const y = this.y + down / this.scale;
    this.zoom += steps;
    this.#boundZoom();
    this.x = x - right / this.scale;
    this.y = y - down / this.scale;
    this.#bound();
  }

  /**
   * See all of an area.
   * @param {{north: number, west: number, south: number, east: number}} area
   */
  fit({ north, west, south, east }) {
    const wide = Math.max(1e-5, worldX(east < west ? east + 360 : east) - worldX(west));
    const high = Math.max(1e-5, worldY(south) - worldY(north));
    this.x = worldX(west) + wide / 2;
    this.y = (worldY(south) + worldY(north)) / 2;
    const side = Math.min(this.width / wide, this.height / high) * 0.8;
    this.zoom = Math.min(12, Math.log2(side / TILE));
    this.#bound();
  }

  /** What is to be seen. @returns {{north: number, west: number, south: number, east: number}} */
  area() {
    const wide = this.width / this.scale / 2;
    const high = this.height / this.scale / 2;
    const isAll = wide >= 0.5;
    return {
      north: latitudeOf(Math.max(0, this.y - high)),
      south: latitudeOf(Math.min(1, this.y + high)),
      west: isAll ? -180 : longitudeOf(this.x - wide),
      east: isAll ? 180 : longitudeOf(this.x + wide),
    };
  }

  /**
   * Where a place is in the window; of the copies of the world that are side by side, in the one
   * whose place is nearest to the middle.
   * @param {{latitude: number, longitude: number}} place
   * @returns {{left: number, top: number}} in pixels
   */
  pixels({ latitude, longitude }) {
    const x = worldX(longitude);
    const near = x + Math.round(this.x - x);
    return {
      left: (near - this.x) * this.scale + this.width / 2,
      top: (worldY(latitude) - this.y) * this.scale + this.height / 2,
    };
  }

  #boundZoom() {
    // The world is never lower than the window.
    const least = Math.max(FARTHEST, Math.log2(this.height / TILE));
    this.zoom = Math.max(least, Math.min(NEAREST, this.zoom));
  }

  #bound() {
    this.#boundZoom();
    const high = this.height / this.scale / 2;
    this.y = high >= 0.5 ? 0.5 : Math.max(high, Math.min(1 - high, this.y));
    this.x -= Math.floor(this.x);
  }
}
