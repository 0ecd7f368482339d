// The pictures of the page for the documentation: node shots.mjs BASE_URL FOLDER. They are made anew by
// `tests/browser/shots`, never by hand.
import { join } from "node:path";
import { Playground, launch } from "./playground.mjs";
import * as programs from "./programs.mjs";

const [url, folder] = process.argv.slice(2);
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1.5 };

const RELEASE = `?${new URLSearchParams({ mode: "release", code: programs.rustGcd })}`;

async function withPage(browser, { query = "", ...options }, body) {
  const p = await Playground.open(browser, url + query, options);
  await body(p);
  await p.close();
}

const save = (p, name) => p.page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });

const browser = await launch();
await withPage(browser, { viewport: { width: 1280, height: 860 } }, async (p) => {
  await p.run(programs.rustShow);
  await save(p, "page");
});
await withPage(browser, { query: RELEASE, viewport: { width: 1280, height: 860 }, colorScheme: "dark" }, async (p) => {
  await p.choose("#tools-button", "Assembly");
  await p.ended();
  await p.page.locator("#editor .cm-line", { hasText: "a % b" }).click();
  await save(p, "page-dark");
});
await withPage(browser, PHONE, async (p) => {
  await p.run(programs.rustShow);
  await save(p, "page-phone");
});
await browser.close();
