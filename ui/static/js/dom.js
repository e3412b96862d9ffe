/** Elements made from data, never from markup; and words for those who listen. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element.
 *
 * `class` and all other names are attributes (`true` gives an empty one; `false`, `null` and
 * `undefined` none), but for `on` (listeners by event), `dataset` and `style` (custom properties
 * too), which are objects, and `value`, `checked`, `disabled` and the like where they are wanted as
 * properties: `props`.
 *
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|number|null|undefined|false|Array<any>)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "on") {
      for (const [event, heard] of Object.entries(value)) element.addEventListener(event, heard);
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else if (name === "props") {
      Object.assign(element, value);
    } else if (name === "style") {
      for (const [property, is] of Object.entries(value)) element.style.setProperty(property, is);
    } else {
      setAttribute(element, name, value);
    }
  }
  append(element, children);
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value  None of `false`, `null` and `undefined` is there.
 */
export function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/**
 * A picture made of one line, 24 by 24, in the colour of the text around it.
 * @param {string} path  As of an SVG path's `d`.
 */
export function drawing(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/**
 * Says `text` to those who listen to the page instead of looking at it.
 * @param {string} text
 */
export function announce(text) {
  let region = document.getElementById("announcements");
  if (!region) {
    region = el("div", { id: "announcements", class: "visually-hidden", "aria-live": "polite" });
    document.body.append(region);
  }
  // The same words twice are no change, and would not be said again.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

/**
 * Whether keys pressed there are meant for the text in it.
 * @param {EventTarget|null} target
 */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) {
    return !["button", "checkbox", "radio", "submit", "reset", "file"].includes(target.type);
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Whether movement on the screen should be avoided. */
export function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
