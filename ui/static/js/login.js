/** The login page: back to where people were, to the very picture; and on, who is in already. */

const form = document.getElementById("sign-in");
if (form) {
  const next = form.elements.namedItem("next");
  // What stands behind `#` never reaches the server; the browser kept it on the way here.
  if (location.hash && !next.value.includes("#")) next.value += location.hash;
  // Whoever comes by a link from elsewhere is not known: the browser keeps the session's cookie
  // from strangers' links. Asked by our own page, it gives it.
  const answer = await fetch("/ui/login", { headers: { Accept: "application/json" } });
  if (answer.ok && (await answer.json()).signedIn) location.replace(next.value);
}
