// Runs before the first paint: sets theme and layout, chosen or the system's, so that the page does not flash
// in others.

function stored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`sandlot.${key}`) ?? "null");
  } catch {
    return null; /* No storage: the system's preference holds. */
  }
}

const { dataset } = document.documentElement;
const theme = new URLSearchParams(location.search).get("theme") ?? stored("theme");
const layout = (stored("settings") as { layout?: unknown } | null)?.layout;
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const narrow = matchMedia("(max-width: 820px)").matches;

dataset["theme"] = theme === "light" || theme === "dark" ? theme : dark ? "dark" : "light";
dataset["panes"] = layout === "columns" || layout === "rows" ? layout : narrow ? "rows" : "columns";
