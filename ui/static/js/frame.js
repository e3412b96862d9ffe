/** The frame of every page: the menu that folds, and colours where no view sees to them. */

import { startMenu } from "./menu.js";
import { start as startTheme } from "./theme.js";

/** Times the server wrote in UTC, as people here write them. */
function showLocalTimes() {
  const written = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const element of document.querySelectorAll("main time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (!Number.isNaN(moment.getTime())) element.textContent = written.format(moment);
  }
}

startMenu();
showLocalTimes();
if (!document.getElementById("page")) startTheme();
