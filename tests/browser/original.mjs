// Another page by --web-root, see tests/browser/web-root: it is the page itself that asks; this looks at what it says.
import { assert, runTests } from "./playground.mjs";

const [url, ...names] = process.argv.slice(2);

const tests = new Map([
  ["a page for the Rust Playground's interface works from --web-root", {
    options: { ready: "h1" },
    expectedComplaint: /status of 500/, // of Miri, which the image has not
    body: async ({ page }) => {
      await page.waitForFunction(() => window.report, null, { timeout: 120000 });
      const report = await page.evaluate(() => window.report);
      for (const [name, fault] of report) console.log(`        ${name}: ${fault ?? "as described"}`);
      assert(report.length === 9, `${report.length} requests`);
      assert(report.every(([, fault]) => fault === null), "not as described");
      assert((await page.locator("h1").evaluate((h) => getComputedStyle(h).fontFamily)) === "monospace", "no style sheet");
    },
  }],
]);

process.exitCode = (await runTests(tests, names, url)) ? 0 : 1;
