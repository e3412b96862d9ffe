/** Fingers that drag a thing shown large: sideways to its neighbours, down to put it away. */

import { isCalm } from "./dom.js";

/** The part of the stage a finger must cross, or its speed, to go on to the neighbour. */
const ENOUGH = 0.25;
const FLICK = 0.4;

/** Pixels down that put it away. */
const DROP = 110;

/** Of a drag past the last one, what is given way. */
const GIVE = 0.25;

/** Milliseconds after which a movement has come to its end, whether it says so or not. */
const LONGEST = 300;

/**
 * @param {import("./zoom.js").Zoom} zoom
 * @param {{element: HTMLElement, stage: HTMLElement, strip: HTMLElement}} frame
 * @param {object} run
 * @param {(by: 1|-1) => boolean} run.isAtEnd  Whether there is no neighbour on that side.
 * @param {(by: 1|-1) => Promise<void>} run.step
 * @param {() => void} run.close
 */
export function swipe(zoom, { element, stage, strip }, { isAtEnd, step, close }) {
  const side = (x) => (x > 0 ? -1 : 1);

  zoom.addEventListener("swipe", ({ x, y }) => {
    const isDown = isDownward(x, y);
    strip.classList.add("is-held");
    const across = isDown ? 0 : isAtEnd(side(x)) ? x * GIVE : x;
    strip.style.transform = `translate(${across}px, ${isDown ? y : 0}px)`;
    element.style.setProperty("--gone", isDown ? String(Math.min(0.7, y / 500)) : "0");
  });

  zoom.addEventListener("swiped", async ({ x, y, speed }) => {
    strip.classList.remove("is-held");
    strip.style.transform = "";
    element.style.setProperty("--gone", "0");
    if (isDownward(x, y)) {
      if (y > DROP) close();
      return;
    }
    const isOn = Math.abs(x) > stage.clientWidth * ENOUGH || Math.abs(speed) > FLICK;
    if (!isOn || Math.abs(y) > Math.abs(x) || isAtEnd(side(x))) return;
    if (!isCalm()) {
      strip.style.transform = `translateX(${-side(x) * 100}%)`;
      await settled(strip);
    }
    strip.classList.add("is-held"); // what is shown now is in the middle: no way back is to be seen
    await step(side(x));
    strip.style.transform = "";
    strip.getBoundingClientRect();
    strip.classList.remove("is-held");
  });
}

function isDownward(x, y) {
  return y > 0 && y > Math.abs(x) * 1.4;
}

function settled(element) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LONGEST);
    element.addEventListener(
      "transitionend",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
