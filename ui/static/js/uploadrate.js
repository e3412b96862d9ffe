/** How fast something goes: by what was done in the last seconds, as nothing is steady. */

const SECONDS = 10;
const LEAST_SECONDS = 1; // before that nobody knows

export class Rate {
  constructor() {
    this.restart();
  }

  /** Forget what was: it has been standing still. */
  restart() {
    /** @type {[number, number][]} */
    this.marks = [];
  }

  /**
   * @param {number} done so much, of whatever it is
   * @param {number} [now] in milliseconds
   */
  note(done, now = performance.now()) {
    const { marks } = this;
    const last = marks[marks.length - 1];
    if (last && (done < last[1] || now - last[0] > SECONDS * 1000)) this.restart();
    else if (last && now - last[0] < 100) return;
    this.marks.push([now, done]);
    while (this.marks[0][0] < now - SECONDS * 1000) this.marks.shift();
  }

  /** So much in a second; null while it is not known. */
  get perSecond() {
    const { marks } = this;
    if (!marks.length) return null;
    const [[from, less], [to, more]] = [marks[0], marks[marks.length - 1]];
    const seconds = (to - from) / 1000;
    return seconds < LEAST_SECONDS ? null : (more - less) / seconds;
  }
}

/** "3 minutes". @param {number} seconds */
export function durationWords(seconds) {
  const words = (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"}`;
  if (seconds < 60) return words(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 5400) return words(Math.round(seconds / 60), "minute");
  return words(Math.round(seconds / 3600), "hour");
}
