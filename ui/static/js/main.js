/** Where every page with data begins: what all have in common, and then what it shows. */

import { announce, el } from "./dom.js";
import { page } from "./page.js";
import { start as startTheme } from "./theme.js";

/** The module of each view; it has `start()`. */
const VIEWS = Object.freeze({
  share: () => import("./share.js"),
  timeline: () => import("./gallery.js"),
  thing: () => import("./thing.js"),
  sets: () => import("./sets.js"),
  folders: () => import("./folders.js"),
  map: () => import("./map.js"),
  recent: () => import("./recent.js"),
  duplicates: () => import("./duplicates.js"),
  largest: () => import("./largest.js"),
  shares: () => import("./shares.js"),
  trash: () => import("./trash.js"),
});

/** What every page of the owner's has. */
const EVERYWHERE = Object.freeze([
  () => import("./search.js"),
  () => import("./state.js"),
  () => import("./upload.js"),
]);

async function begin() {
  startTheme();
  addEventListener("holdfast:signedout", signIn);
  const view = VIEWS[page.view];
  const others = page.urls.api ? EVERYWHERE.map(loaded) : [];
  // First of all: it hears of changes from the others, and none may be told before it listens.
  const shown = view && run(await loaded(view));
  await Promise.all([shown, ...others.map(async (module) => run(await module))]);
}

/** A module, or null if it did not come. Browsers ask no second time for one out of reach. */
async function loaded(load) {
  try {
    return await load();
  } catch (error) {
    reportError(error);
    offerAgain();
    return null;
  }
}

async function run(module) {
  return module?.start();
}

function offerAgain() {
  if (document.getElementById("incomplete")) return;
  const again = { type: "button", class: "button", on: { click: () => location.reload() } };
  const note = { id: "incomplete", class: "note note-problem note-with-button", role: "alert" };
  const words = "Not all of this page could be loaded.";
  document.getElementById("main")?.before(el("p", note, words, el("button", again, "Load again")));
}

/** The session has ended: sign in, and come back here. */
function signIn() {
  if (!page.urls.api) return;
  announce("You are signed out.");
  const here = location.pathname + location.search;
  location.assign(`/ui/login?next=${encodeURIComponent(here)}`);
}

begin();
