/** Keys on a grid: moving by where things are, selecting, and what holds for the whole page. */

import { addShortcuts, pressed } from "./keys.js";

/** Of a window's height, what its keys move. */
const PART = 0.9;

const GROUP = "Photos and things";

/**
 * Makes a grid hear keys.
 * @param {import("./grid.js").Grid} grid
 */
export function hearKeys(grid) {
  const keys = new GridKeys(grid);
  grid.element.addEventListener("keydown", (event) => keys.hear(event));
  grid.element.addEventListener("pointerdown", () => keys.forget());
  const { selection } = grid;
  const step = () => document.activeElement === document.body && grid.total > 0;
  const listed = (shown, label) => ({ keys: shown, label, group: GROUP, run: null });
  addShortcuts(
    { ...listed("ArrowLeft ArrowRight", "Go there"), when: step, run: () => grid.enter() },
    listed("ArrowUp ArrowDown", "Go to the row above, below"),
    listed("Home End", "Go to the beginning, the end of the row"),
    listed("Control+Home Control+End", "Go to the first, the last of all"),
    listed("PageUp PageDown", "Go a window up, down"),
    listed("Enter", "Open"),
  );
  if (!grid.isSelectable) return;
  addShortcuts(
    listed("Space x", "Select, or no longer"),
    listed("Shift+ArrowRight", "Select on the way"),
    listed("m", "Select the month"),
    {
      ...listed("Control+a", "Select all"),
      run: () => {
        selection.selectAll();
        grid.announceSelection();
      },
    },
    {
      ...listed("Escape", "Select nothing"),
      when: () => selection.count > 0,
      run: () => {
        selection.clear();
        grid.announceSelection();
      },
    },
  );
}

class GridKeys {
  /** Where up and down want to stay, across rows of other widths. */
  #across = null;

  /** @param {import("./grid.js").Grid} grid */
  constructor(grid) {
    this.grid = grid;
  }

  /** Other ways to move leave no column behind. */
  forget() {
    this.#across = null;
  }

  /** @param {KeyboardEvent} event */
  hear(event) {
    if (event.defaultPrevented || event.altKey || !event.target.closest(".tile")) return;
    const said = pressed(event);
    const goal = this.#goal(said.replace("Shift+", ""));
    if (goal >= 0) this.#go(goal, event.shiftKey);
    else if (!this.grid.isSelectable || !this.#select(said)) return;
    event.preventDefault();
  }

  #goal(key) {
    const { grid } = this;
    const { layout, active, total } = grid;
    const row = layout.rowOf(active);
    const isUpright = /^(Arrow|Page)(Up|Down)$/.test(key);
    if (!isUpright) this.forget();
    const box = layout.box(active);
    const page = grid.outlook.tall * PART;
    if (isUpright) this.#across ??= box.left + box.width / 2;
    switch (key) {
      case "ArrowLeft":
        return Math.max(0, active - 1);
      case "ArrowRight":
        return Math.min(total - 1, active + 1);
      case "ArrowUp":
        return row > 0 ? layout.nearestIn(row - 1, this.#across) : active;
      case "ArrowDown":
        return row + 1 < layout.rows ? layout.nearestIn(row + 1, this.#across) : active;
      case "PageUp": {
        // The way PageDown came, which went to the row its goal is in, not to that below.
        const goal = box.top - page;
        const there = goal < 0 ? 0 : Math.min(row, layout.rowAt(goal - 1) + 1);
        return layout.nearestIn(there, this.#across);
      }
      case "PageDown":
        return layout.nearest(this.#across, box.top + page);
      case "Home":
        return layout.rowFirst[row];
      case "End":
        return layout.rowFirst[row + 1] - 1;
      case "Control+Home":
        return 0;
      case "Control+End":
        return total - 1;
      default:
        return -1;
    }
  }

  #go(goal, isSelecting) {
    const { grid } = this;
    const { selection, active } = grid;
    if (isSelecting && grid.isSelectable) {
      if (selection.anchor < 0 || !selection.has(selection.anchor)) selection.anchor = active;
      selection.extendTo(goal);
    }
    grid.focus(goal);
    if (isSelecting) grid.announceSelection();
  }

  #select(said) {
    const { grid } = this;
    const { selection, layout, active } = grid;
    switch (said) {
      case "Space":
      case "x":
        selection.toggle(active);
        break;
      case "Shift+Space":
      case "X":
        selection.extendTo(active);
        break;
      case "m": {
        const { first, end } = layout.sections[layout.sectionOf(active)];
        selection.setRange(first, end, selection.countWithin(first, end) < end - first);
        break;
      }
      default:
        return false;
    }
    grid.announceSelection();
    return true;
  }
}
