/** Dates, sizes and lengths as people read them. Days are those of UTC, as the server's are. */

const WRITTEN = document.documentElement.lang || "en";

/** The language of the page, as it is written where whoever reads it is at home. */
const LANGUAGE =
  navigator.languages?.find((language) => language.split("-")[0] === WRITTEN) ?? WRITTEN;

const MONTH = new Intl.DateTimeFormat(LANGUAGE, {
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
const SHORT_MONTH = new Intl.DateTimeFormat(LANGUAGE, {
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const DAY = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "long", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat(LANGUAGE, {
  dateStyle: "full",
  timeStyle: "short",
  timeZone: "UTC",
});
const NUMBER = new Intl.NumberFormat(LANGUAGE);
const UNITS = Object.freeze(["bytes", "kB", "MB", "GB", "TB", "PB"]);

/** @param {Intl.DateTimeFormat} format @param {string|null} time */
function dated(format, time) {
  const date = new Date(time ?? NaN);
  return Number.isNaN(date.getTime()) ? "" : format.format(date);
}

/**
 * "July 2024" of "2024-07"; what is no month is without a date.
 * @param {string} label
 * @param {{short?: boolean}} [how]
 */
export function monthWords(label, { short = false } = {}) {
  return dated(short ? SHORT_MONTH : MONTH, `${label}-01T00:00:00Z`) || "Without a date";
}

/** "July 14, 2024", or "". @param {string|null} time */
export function dayWords(time) {
  return dated(DAY, time);
}

/** "Sunday, July 14, 2024 at 12:30 PM", or "". @param {string|null} time */
export function momentWords(time) {
  return dated(MOMENT, time);
}

/** @param {number} count */
export function numberWords(count) {
  return NUMBER.format(count);
}

/** "3.4 MB". @param {number} size  In bytes. */
export function sizeWords(size) {
  let unit = 0;
  let rest = size;
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const digits = unit && rest < 99.5 ? 1 : 0;
  return `${rest.toFixed(digits)} ${unit === 0 && size === 1 ? "byte" : UNITS[unit]}`;
}

/** "1:02:03". @param {number} seconds */
export function lengthWords(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = whole % 60;
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
