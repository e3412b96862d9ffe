/** Films in a grid move, without a sound, while a mouse rests on them. */

import { isCalm } from "./dom.js";
import { fileUrl } from "./page.js";

/** Milliseconds a mouse rests before anything is asked for. */
const PATIENCE = 350;

/**
 * @param {import("./grid.js").Grid} grid
 */
export function moveUnderMouse(grid) {
  let timer = 0;
  let over = null;
  let film = null;
  const stop = () => {
    clearTimeout(timer);
    film?.removeAttribute("src");
    film?.load(); // what is still on its way is given up
    film?.remove();
    [over, film] = [null, null];
  };
  const begin = (tile) => {
    if (tile !== over || !tile.picture) return;
    film = document.createElement("video");
    film.className = "tile-film";
    Object.assign(film, { muted: true, loop: true, playsInline: true });
    film.disablePictureInPicture = true;
    film.src = fileUrl(tile.item, { inline: true });
    film.play().catch(() => {}); // it stands still then
    tile.picture.after(film);
  };
  grid.element.addEventListener("pointerover", ({ target, pointerType }) => {
    const tile = target.closest(".tile")?.tile ?? null;
    if (tile === over) return;
    stop();
    if (pointerType !== "mouse" || tile?.item?.kind !== "video" || isCalm()) return;
    over = tile;
    timer = setTimeout(() => begin(tile), PATIENCE);
  });
  grid.element.addEventListener("pointerleave", stop);
  grid.element.addEventListener("pointerdown", stop);
}
