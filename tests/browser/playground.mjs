// The page under test, as a visitor handles it, and the harness around the tests.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const screenshots = process.env.SCREENSHOTS ?? "build/screenshots";

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

export function assertIncludes(text, part, what) {
  assert(text.includes(part), `${what} lacks ${JSON.stringify(part)}; it is ${JSON.stringify(text.slice(0, 2000))}`);
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ],
  });
}

export class Playground {
  constructor(page) {
    this.page = page;
    /** What the browser complained about: errors in scripts, on the console, of the content policy. */
    this.complaints = [];
    page.on("pageerror", (error) => this.complaints.push(`script error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`console: ${message.text()}`);
    });
  }

  /* ready: what is there when the page can be used. */
  static async open(browser, url, { ready = "#run:enabled", ...options } = {}) {
    const context = await browser.newContext({
      viewport: { width: 1360, height: 820 },
      colorScheme: "light",
      ...options,
    });
    context.setDefaultTimeout(10000);
    const page = await context.newPage();
    const playground = new Playground(page);
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    await page.goto(url);
    await page.locator(ready).waitFor();
    return playground;
  }

  async close() {
    await this.page.context().close();
  }

  async language(name) {
    const many = this.page.locator("#languages select");
    if (await many.count()) await many.selectOption({ label: name });
    else await this.page.locator("#languages").getByRole("radio", { name, exact: true }).check();
    await this.page.locator(`#version:has-text("${name}")`).waitFor();
  }

  get editor() {
    return this.page.locator("#editor .cm-content");
  }

  /** Replaces the text by pasting, which is how most programs come here. */
  async write(code) {
    await this.editor.focus();
    await this.page.keyboard.press("Control+a");
    await this.editor.evaluate((node, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      node.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, code);
  }

  /** The text of the file in the editor, as far as it is in view. */
  async text() {
    return (await this.page.locator("#editor .cm-line").allTextContents()).join("\n");
  }

  /** Opens a menu and takes the item that begins so. */
  async choose(button, item) {
    await this.page.locator(button).click();
    await this.page.locator(".menu:visible .menu-label", { hasText: new RegExp(`^${item}`) }).first().click();
  }

  async start() {
    await this.page.locator("#run").click();
  }

  async headline() {
    return this.page.locator("#headline").innerText();
  }

  /** Waits for the end of the run; gives the outcome's headline. */
  async ended(seconds = 60) {
    await this.page
      .locator('#status:not([data-tone="busy"])')
      .waitFor({ timeout: seconds * 1000 });
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    return this.headline();
  }

  async run(code, seconds) {
    if (code !== undefined) await this.write(code);
    await this.start();
    return this.ended(seconds);
  }

  /** What the page shows of a step ("compile" or "run") and a stream. */
  async shown(step, stream = "") {
    const rows = this.page.locator(`.step-${step} .row${stream ? `.${stream}` : ""} .text`);
    return (await rows.evaluateAll((nodes) => nodes.map((node) => node.textContent))).join("");
  }

  async waitForText(step, text, seconds = 30) {
    await this.page.locator(`.step-${step} .text`, { hasText: text }).first().waitFor({ timeout: seconds * 1000 });
  }

  async screenshot(name) {
    mkdirSync(screenshots, { recursive: true });
    await this.page.screenshot({ path: join(screenshots, `${name}.png`), animations: "disabled" });
  }
}

/* What went wrong; of Playwright's own errors without the log of its attempts. */
function firstLines(error) {
  const text = String(error.message ?? error).replace(/\x1b\[\d*m/g, "");
  return text.split("\n").slice(0, 8).join("\n        ");
}

/** Runs the tests one after the other; true when all passed. */
export async function runTests(tests, names, url) {
  const browser = await launch();
  let passed = 0;
  let failed = 0;
  try {
    for (const [name, { body, options, expectedComplaint }] of tests) {
      if (names.length && !names.some((part) => name.includes(part))) continue;
      let playground = null;
      try {
        playground = await Playground.open(browser, url, options);
        await body(playground);
        const complaints = playground.complaints.filter((text) => !expectedComplaint?.test(text));
        assert(!complaints.length, `the browser complains: ${complaints.join("; ")}`);
        passed++;
        console.log(`ok      ${name}`);
      } catch (error) {
        failed++;
        console.log(`FAILED  ${name}\n        ${firstLines(error)}`);
        const file = `failed-${name.replace(/[^a-z0-9]+/gi, "-")}`;
        await playground?.screenshot(file).catch(() => undefined);
      } finally {
        await playground?.close().catch(() => undefined);
      }
    }
  } finally {
    await browser.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}
