/** Zooming and panning what stands in the middle of a box: wheel, pinch, drag, double click. */

const LARGEST = 12;
const STEP = 1.4;

/** How far a double click goes. */
const CLOSE = 2.5;

/** Milliseconds between two taps that are one double tap, and pixels apart. */
const DOUBLE = 300;
const NEAR = 30;

/**
 * Events: `zoom` when the scale has changed; `swipe` while one finger drags what is not zoomed, and
 * `swiped` when it lets go (both with `x`, `y`: how far, and the latter `speed` in pixels per
 * millisecond sideways); `tap` (with `at`, the pointer's event) for a click that is none of these.
 */
export class Zoom extends EventTarget {
  #pointers = new Map();
  #start = null;
  #tap = null;
  #isMoved = false;

  /**
   * @param {HTMLElement} stage  Where pointers are heard, and what is zoomed is centred.
   * @param {() => HTMLElement|null} target  What is zoomed now: its box is of scale 1.
   */
  constructor(stage, target) {
    super();
    this.stage = stage;
    this.target = target;
    this.reset();
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (event) => this.#up(event));
    }
    stage.addEventListener("dragstart", (event) => event.preventDefault());
  }

  get isZoomed() {
    return this.scale > 1.001;
  }

  /** Shows all of it. */
  reset() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.#apply();
  }

  /** Nearer, around the middle. */
  in() {
    this.#scaleTo(this.scale * STEP);
  }

  /** Farther. */
  out() {
    this.#scaleTo(this.scale / STEP);
  }

  /** All of it, or closer, where one points. @param {{clientX: number, clientY: number}} [at] */
  toggle(at) {
    this.#scaleTo(this.isZoomed ? 1 : CLOSE, at, true);
  }

  /**
   * Moves what is shown, if it is larger than the stage.
   * @param {number} x
   * @param {number} y
   */
  pan(x, y) {
    this.x += x;
    this.y += y;
    this.#apply();
  }

  #scaleTo(scale, at, isSmooth = false) {
    const next = Math.min(LARGEST, Math.max(1, scale));
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    // The point under the pointer stays where it is.
    const x = (at?.clientX ?? left + width / 2) - left - width / 2;
    const y = (at?.clientY ?? top + height / 2) - top - height / 2;
    const ratio = next / this.scale;
    this.x = x - (x - this.x) * ratio;
    this.y = y - (y - this.y) * ratio;
    this.scale = next;
    this.#apply(isSmooth);
    this.dispatchEvent(new Event("zoom"));
  }

  #apply(isSmooth = false) {
    const target = this.target();
    const most = (outer, inner) => Math.max(0, (inner * this.scale - outer) / 2);
    const across = most(this.stage.clientWidth, target?.offsetWidth ?? 0);
    const down = most(this.stage.clientHeight, target?.offsetHeight ?? 0);
    this.x = Math.min(across, Math.max(-across, this.x));
    this.y = Math.min(down, Math.max(-down, this.y));
    this.stage.classList.toggle("is-zoomed", this.isZoomed);
    if (!target) return;
    target.classList.toggle("is-smooth", isSmooth);
    target.style.transform = this.isZoomed
      ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})`
      : "";
  }

  #wheel(event) {
    if (!this.target() || isControl(event.target)) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    // A pinch on a touchpad is a wheel with Ctrl, in small steps.
    const rate = event.ctrlKey ? 0.01 : 0.0022;
    this.#scaleTo(this.scale * Math.exp(-event.deltaY * lines * rate), event);
  }

  #down(event) {
    if (event.button !== 0 || isControl(event.target, event)) return;
    this.#pointers.set(event.pointerId, event);
    if (this.#pointers.size === 1) this.#isMoved = false;
    this.#begin();
  }

  #begin() {
    const { x, y, scale } = this;
    this.#start = { ...this.#middle(), offset: { x, y }, scale, time: performance.now() };
  }

  #middle() {
    const all = [...this.#pointers.values()];
    const sum = (of) => all.reduce((total, pointer) => total + of(pointer), 0) / all.length;
    const [one, other] = all;
    return {
      clientX: sum((pointer) => pointer.clientX),
      clientY: sum((pointer) => pointer.clientY),
      apart: other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0,
    };
  }

  #move(event) {
    if (!this.#pointers.has(event.pointerId)) return;
    this.#pointers.set(event.pointerId, event);
    const start = this.#start;
    const now = this.#middle();
    const x = now.clientX - start.clientX;
    const y = now.clientY - start.clientY;
    if (!this.#isMoved && (Math.hypot(x, y) > 5 || this.#pointers.size > 1)) {
      this.#isMoved = true;
      // Only now: or no click would reach what is under the pointer.
      for (const pointer of this.#pointers.keys()) this.stage.setPointerCapture(pointer);
    }
    if (this.#pointers.size > 1) {
      if (!this.target()) return;
      this.scale = start.scale;
      [this.x, this.y] = [start.offset.x, start.offset.y];
      this.#scaleTo((start.scale * now.apart) / Math.max(1, start.apart), start);
      this.pan(x, y);
    } else if (this.isZoomed) {
      [this.x, this.y] = [start.offset.x + x, start.offset.y + y];
      this.#apply();
    } else if (this.#isMoved && event.pointerType !== "mouse") {
      this.dispatchEvent(Object.assign(new Event("swipe"), { x, y }));
    }
  }

  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    const start = this.#start;
    const x = event.clientX - start.clientX;
    const y = event.clientY - start.clientY;
    if (this.#pointers.size) {
      this.#begin(); // the fingers that are left go on
      return;
    }
    if (!this.#isMoved && event.type === "pointerup") {
      this.#tapped(event);
    } else if (!this.isZoomed && event.pointerType !== "mouse") {
      const speed = x / Math.max(1, performance.now() - start.time);
      const isGivenUp = event.type === "pointercancel";
      const detail = isGivenUp ? { x: 0, y: 0, speed: 0 } : { x, y, speed };
      this.dispatchEvent(Object.assign(new Event("swiped"), detail));
    }
  }

  #tapped(event) {
    const last = this.#tap;
    const now = { time: performance.now(), x: event.clientX, y: event.clientY };
    const isDouble =
      last && now.time - last.time < DOUBLE && Math.hypot(now.x - last.x, now.y - last.y) < NEAR;
    this.#tap = isDouble ? null : now;
    if (isDouble && this.target()) this.toggle(event);
    else this.dispatchEvent(Object.assign(new Event("tap"), { at: event }));
  }
}

/** Pixels at the lower edge of a film in which its own controls are. */
const CONTROLS = 90;

/** What has its own use for a pointer. */
function isControl(target, { pointerType = "", clientY = 0 } = {}) {
  const film = target.closest("video");
  if (film && pointerType === "touch") {
    return clientY > film.getBoundingClientRect().bottom - CONTROLS;
  }
  return film !== null || target.closest("audio, button, a, pre, .slide-card") !== null;
}
