// Runs before the first paint: sets theme and layout, chosen or the system's, so that the page does not flash
// in others. The page's modules are fetched meanwhile and run after it, so that what is there without them is
// seen at once, and no task of theirs holds up an event for long.

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

/* No frame comes in a tab that is not seen. */
const painted = () =>
  new Promise<void>((done) => {
    if (document.hidden) done();
    document.addEventListener("visibilitychange", () => done(), { once: true });
    requestAnimationFrame(() => setTimeout(done));
  });

/* What index.html fetches ahead is in the order it is needed in, the module that starts the page last. */
async function start(): Promise<void> {
  await painted();
  for (const { href } of document.querySelectorAll<HTMLLinkElement>("link[rel=modulepreload]")) {
    await import(href);
    await new Promise((next) => setTimeout(next));
  }
}

document.addEventListener("DOMContentLoaded", () => void start());
