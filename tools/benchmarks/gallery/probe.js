/**
 * Runs in every page that is measured, before anything of it: tells when what was waited for is
 * to be seen. Moments are milliseconds since 1970.
 */

window.probe = (() => {
  const frames = { count: 0, long: 0, longest: 0, nodes: 0, on: false, last: 0 };

  const now = () => performance.timeOrigin + performance.now();

  /** Calls back when the next frame has been painted: what is behind it in the queue runs then. */
  function painted(call) {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = call;
      port2.postMessage(null);
    });
  }

  /** When the first frame was painted in which `holds` was true. */
  function seen(holds) {
    return new Promise((tell) => {
      const look = () => (holds() ? tell(now()) : painted(look));
      painted(look);
    });
  }

  function isInside({ top, bottom, left, right }) {
    const header = document.querySelector("header.top")?.offsetHeight ?? 0;
    return bottom > header && top < innerHeight && right > 0 && left < innerWidth;
  }

  const tiles = () =>
    [...document.querySelectorAll(".grid .tile")].filter((tile) =>
      isInside(tile.getBoundingClientRect()),
    );

  const isShown = (picture) =>
    Boolean(picture?.complete && picture.naturalWidth && !picture.matches(".is-coming"));

  const slide = (part) => document.querySelector(`.slide:not([inert]) ${part}`);

  const isThere = (selector) => document.querySelector(selector)?.checkVisibility() ?? false;

  /** How many things are selected, as the page says. */
  const selected = () =>
    Number(document.querySelector(".actions-count")?.textContent.replace(/\D/g, "") ?? 0);

  const isMarked = (tile) => tile.getAttribute("aria-selected") === "true";

  let before = { top: 0, hash: "", search: "" };

  /** What may be waited for, by name. */
  const is = {
    /** Every place in the window has its tile: rows reach from its top to its bottom. */
    placed: () => {
      const grid = document.querySelector(".grid");
      if (!grid) return false;
      const rows = [...grid.querySelectorAll(".grid-row")]
        .map((row) => row.getBoundingClientRect())
        .filter(isInside);
      if (!rows.length) return false;
      // A month's heading may stand between rows, and at the edges.
      const end = grid.getBoundingClientRect().bottom;
      const top = Math.min(...rows.map(({ top }) => top));
      const bottom = Math.max(...rows.map(({ bottom }) => bottom));
      return top < 130 && bottom > Math.min(innerHeight - 70, end - 10);
    },
    /** So it has, and each of these tiles has its picture. */
    pictured: () =>
      is.placed() && tiles().every((tile) => isShown(tile.querySelector(".tile-picture"))),
    /** It is known how much there is. */
    whole: () => document.querySelector(".grid:not([aria-busy])") !== null && is.pictured(),
    moved: () => scrollY !== before.top && is.placed(),
    movedAndPictured: () => is.moved() && is.pictured(),
    /** What another search finds stands there: it is drawn when the address becomes another. */
    found: () => location.search !== before.search && is.placed(),
    foundAndPictured: () => is.found() && is.pictured(),
    aWindowDown: () => scrollY > before.top + innerHeight * 0.75 && is.pictured(),
    opened: () => isShown(slide(".slide-preview")),
    sharp: () => isShown(slide(".slide-picture")),
    next: () => location.hash !== before.hash && is.opened(),
    nextSharp: () => location.hash !== before.hash && is.sharp(),
    oneSelected: () => selected() === 1 && tiles().some(isMarked),
    someSelected: () => selected() > 1 && tiles().some(isMarked),
    allSelected: () => selected() > 1 && tiles().every(isMarked),
    asked: () => isThere("dialog.tagger[open]"),
    typed: () => document.querySelector("#q").value !== "",
    proposed: () => isThere(".choices .choice"),
  };

  const found = (name, start) => seen(is[name]).then((end) => end - start);

  /**
   * Waits for an event of a person, and then for what it leads to: how many milliseconds after the
   * event each was seen, `result` tells.
   */
  function expect(event, names) {
    before = { top: scrollY, hash: location.hash, search: location.search };
    probe.result = new Promise((tell) => {
      const heard = ({ timeStamp }) => {
        const start = performance.timeOrigin + timeStamp;
        tell(Promise.all(names.map((name) => found(name, start))));
      };
      addEventListener(event, heard, { capture: true, once: true });
    });
  }

  function watch(time) {
    if (!frames.on) return;
    const took = time - frames.last;
    frames.last = time;
    frames.count += 1;
    frames.long += took > 50 ? 1 : 0;
    frames.longest = Math.max(frames.longest, took);
    frames.nodes = Math.max(frames.nodes, document.getElementsByTagName("*").length);
    requestAnimationFrame(watch);
  }

  /** Scrolls from the top to the bottom in so many seconds; what came of it. */
  async function travel(seconds) {
    Object.assign(frames, { count: 0, long: 0, longest: 0, nodes: 0, on: true });
    const far = document.documentElement.scrollHeight - innerHeight;
    const begin = await new Promise(requestAnimationFrame);
    frames.last = begin;
    requestAnimationFrame(watch);
    for (let part = 0; part < 1; ) {
      const time = await new Promise(requestAnimationFrame);
      part = Math.min(1, (time - begin) / 1000 / seconds);
      scrollTo({ top: part * far, behavior: "instant" });
    }
    frames.on = false;
    return { ...frames };
  }

  /** After how many milliseconds all pictures in the window were seen, and all was known. */
  const first = Promise.all(
    ["pictured", "whole"].map((name) => found(name, performance.timeOrigin)),
  );

  return { expect, first, is, result: null, tiles, travel };
})();
