/** The frame of every page: the menu that folds, and colours where no view sees to them. */

import { startMenu } from "./menu.js";
import { start as startTheme } from "./theme.js";

startMenu();
if (!document.getElementById("page")) startTheme();
