// Lighthouse on the page and the one for frames: accessibility and best practices are 100. Performance is
// printed with how long tasks held up the page (total blocking time), as measured on loopback and as simulated for a
// slow phone; with SANDLOT_TEST_FULL=1 the former is asked for too (the best of three, at least 95): it is a time,
// and a busy machine is no fault of the page. Usage: node audit.mjs BASE_URL
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const [base] = process.argv.slice(2);
const FULL = process.env.SANDLOT_TEST_FULL === "1";
const PAGES = [
  ["the page", "", "desktop", "provided"],
  ["the page on a phone", "", "mobile", "provided"],
  ["the page on a slow phone", "", "mobile", "simulate"],
  ["the page in a frame", "embed", "desktop", "provided"],
];
const DESKTOP = { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false };

function audit(port, path, formFactor, throttlingMethod) {
  return lighthouse(new URL(path, base).href, {
    port,
    logLevel: "error",
    onlyCategories: ["performance", "accessibility", "best-practices"],
    throttlingMethod,
    formFactor,
    ...(formFactor === "desktop" ? { screenEmulation: DESKTOP } : {}),
  });
}

/* What keeps a category from its full score. */
function faults({ categories, audits }, category) {
  return categories[category].auditRefs
    .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1)
    .map(({ id }) => `${id} ${audits[id].displayValue ?? ""} ${JSON.stringify(audits[id].details?.items?.slice(0, 3) ?? "").slice(0, 300)}`);
}

async function examine(port, path, formFactor, method) {
  const runs = [];
  for (let i = 0; i < (FULL ? 3 : 1); i++) runs.push((await audit(port, path, formFactor, method)).lhr);
  const best = runs.reduce((a, b) => (b.categories.performance.score > a.categories.performance.score ? b : a));
  const problems = ["accessibility", "best-practices"].flatMap((category) => faults(best, category));
  const { score } = best.categories.performance; /* null: a trace of a busy machine that it could not read */
  const performance = score === null ? "unknown" : Math.round(score * 100);
  const blocked = Math.round(best.audits["total-blocking-time"].numericValue ?? 0);
  if (FULL && method === "provided" && !(performance >= 95)) problems.push(`performance ${performance}`, ...faults(best, "performance"));
  return { problems, said: `performance ${performance}, blocked ${blocked} ms` };
}

const chrome = await launch({
  chromePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
let failed = 0;
for (const [name, ...how] of PAGES) {
  const { problems, said } = await examine(chrome.port, ...how);
  if (problems.length) failed++;
  console.log(problems.length ? `FAILED  ${name}\n        ${problems.join("\n        ")}` : `ok      ${name} (${said})`);
}
chrome.kill();
console.log(`${PAGES.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
