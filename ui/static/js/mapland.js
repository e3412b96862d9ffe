/** Land and water as a drawing: outlines from this server, and lines of latitude and longitude. */

import { api } from "./acts.js";
import { getJson } from "./http.js";
import { worldX, worldY } from "./mapcamera.js";

/** From which zoom on the outlines of each detail are drawn. */
const DETAILS = Object.freeze([
  { detail: 0, zoom: -Infinity },
  { detail: 1, zoom: 3 },
  { detail: 2, zoom: 5 },
]);

export class Land {
  /** @param {() => void} onChange something can be drawn that could not before */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {Map<number, Path2D|null>} */
    this.paths = new Map();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./mapcamera.js").Camera} camera
   * @param {{water: string, land: string, shore: string, lines: string}} colours
   * @param {number} density pixels of the screen in one of the page
   */
  draw(context, camera, colours, density) {
    const { width, height, scale } = camera;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.fillStyle = colours.water;
    context.fillRect(0, 0, width, height);
    this.#drawLines(context, camera, colours.lines);
    const path = this.#pathFor(camera.zoom);
    if (!path) return;
    context.fillStyle = colours.land;
    context.strokeStyle = colours.shore;
    context.lineJoin = "round";
    const left = width / 2 - camera.x * scale;
    const top = height / 2 - camera.y * scale;
    // The world is round: copies of it stand side by side.
    for (let copy = Math.floor(-left / scale); copy * scale + left < width; copy += 1) {
      const side = scale * density;
      context.setTransform(side, 0, 0, side, (left + copy * scale) * density, top * density);
      context.lineWidth = 2 / scale;
      // Countries lie side by side: what was drawn along their borders is covered by both.
      context.stroke(path);
      context.fill(path, "nonzero");
    }
  }

  #drawLines(context, { x, y, width, height, scale, zoom }, colour) {
    const step = zoom < 3 ? 30 : zoom < 5 ? 10 : zoom < 8 ? 2 : 0.5;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    const wide = width / scale / 2;
    const first = Math.ceil(((x - wide) * 360 - 180) / step);
    const last = Math.floor(((x + wide) * 360 - 180) / step);
    for (let line = first; line <= last; line += 1) {
      const left = Math.round((worldX(line * step) - x) * scale + width / 2) + 0.5;
      context.moveTo(left, 0);
      context.lineTo(left, height);
    }
    for (let latitude = -80; latitude <= 80; latitude += step) {
      const top = Math.round((worldY(latitude) - y) * scale + height / 2) + 0.5;
      if (top < 0 || top > height) continue;
      context.moveTo(0, top);
      context.lineTo(width, top);
    }
    context.stroke();
  }

  /** The best outline there is; a better one is asked for. */
  #pathFor(zoom) {
    const wanted = DETAILS.filter((one) => zoom >= one.zoom).at(-1).detail;
    if (!this.paths.has(wanted)) this.#load(wanted);
    for (let detail = wanted; detail >= 0; detail -= 1) {
      if (this.paths.get(detail)) return this.paths.get(detail);
    }
    return [...this.paths.values()].find(Boolean) ?? null;
  }

  async #load(detail) {
    this.paths.set(detail, null);
    try {
      this.paths.set(detail, pathOf(await getJson(api("land"), { detail })));
      this.onChange();
    } catch {
      // The map is one without land then; it is asked for again when it is zoomed.
      this.paths.delete(detail);
    }
  }
}

/** @param {{rings: number[][]}} land each ring is longitude, latitude, longitude, latitude... */
function pathOf({ rings }) {
  const path = new Path2D();
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at += 2) {
      const point = [worldX(ring[at]), worldY(ring[at + 1])];
      if (at) path.lineTo(...point);
      else path.moveTo(...point);
    }
    path.closePath();
  }
  return path;
}
