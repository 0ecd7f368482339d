// Runs before the first paint: sets the theme, chosen or the system's, so that the page does not flash in
// the other one.

let chosen: unknown = null;
try {
  chosen = JSON.parse(localStorage.getItem("sandlot.theme") ?? "null");
} catch {
  /* No storage: the system's preference holds. */
}
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset["theme"] =
  chosen === "light" || chosen === "dark" ? chosen : dark ? "dark" : "light";
