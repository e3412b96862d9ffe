// Puts the colours that were chosen on the page before any of it is shown. It is no module, since
// those run when the page is there already: it would flash. The choice is made in theme.js.
try {
  const chosen = localStorage.getItem("holdfast-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden: then it is as the system has it.
}
