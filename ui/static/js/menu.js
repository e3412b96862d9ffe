/** The menu in the header: it closes as people expect of one. */

/** Lets the menu close on Escape, and when something else is touched or gets the keyboard. */
export function startMenu() {
  const menu = document.getElementById("menu");
  if (!menu) return;
  const close = () => {
    menu.open = false;
  };
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    close();
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close();
  });
  document.addEventListener("pointerdown", (event) => {
    if (menu.open && !menu.contains(event.target)) close();
  });
}
