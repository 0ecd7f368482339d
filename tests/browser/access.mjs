// axe-core on every state of the page, in both themes, wide and on a phone: no violation.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { assert } from "./playground.mjs";
import * as programs from "./programs.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");

async function check(p, state) {
  /* Colours are looked at as they are when nothing moves any more. */
  await p.page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity).map((a) => a.finished)));
  const violations = await p.page.evaluate(async () => {
    const { violations: found } = await window.axe.run(document, { resultTypes: ["violations"] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html} (${node.any[0]?.message ?? node.failureSummary})`).join(" | ")}`);
  });
  assert(!violations.length, `${state}: ${violations.join("\n        ")}`);
}

/* What each thing that can be done with a program leaves on the page. */
async function checkTools(p) {
  for (const action of ["Assembly", "LLVM IR", "MIR", "Expand macros", "Clippy", "Format", "Build"]) {
    await p.choose("#tools-button", action);
    await p.ended();
    if (action === "Assembly") {
      await p.page.locator("#editor .link-mark").first().click();
      await p.page.locator(".step-result .cm-linked").first().waitFor();
    }
    await check(p, action);
  }
  await p.choose("#tools-button", "As the text asks");
  await p.ended();
}

/* What a visitor sees, one after the other; `wide` says that all controls are there. */
async function walk(p, wide) {
  const { page } = p;
  await check(p, "at the start");
  await page.locator("#options-button").click();
  await page.locator("#options-panel .crates summary").click();
  await check(p, "options");
  await page.keyboard.press("Escape");
  await page.locator("#tools-button").click();
  await check(p, "the menu beside Run");
  await page.keyboard.press("Escape");
  await page.locator("#programs-button").click();
  await page.locator(".menu-label", { hasText: "Tests" }).waitFor();
  await check(p, "programs");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+Shift+s");
  const share = page.getByRole("dialog", { name: "Share" });
  await share.getByRole("button", { name: "Make a link" }).click();
  await share.getByLabel("Link", { exact: true }).waitFor();
  await check(p, "a link that was made");
  await page.keyboard.press("Escape");
  for (const [key, name] of [["Control+,", "Settings"], ["F1", "Keys"], ["Alt+Shift+s", "Share"], ["Alt+Shift+h", "Recent programs"]]) {
    await page.keyboard.press(key);
    await page.getByRole("dialog", { name }).waitFor();
    await check(p, name);
    await page.keyboard.press("Escape");
  }
  await page.locator("#file-add").click();
  await page.locator("#file-entry").fill("src/main.rs");
  await page.locator("#file-entry").press("Enter");
  await check(p, "a file that has a wrong name");
  await page.locator("#file-entry").fill("src/other.rs");
  await page.locator("#file-entry").press("Enter");
  await page.getByRole("tab", { name: "src/main.rs" }).click();
  await check(p, "two files");
  await p.run(programs.rustError);
  await check(p, "a compile error");
  await p.editor.focus();
  await page.keyboard.press("Control+Shift+M");
  await page.locator("#editor .cm-panel-lint").waitFor();
  await check(p, "the list of problems");
  await page.keyboard.press("Escape");
  await p.run(programs.rustShow);
  await check(p, "a program's output");
  await p.run(programs.rustPicture);
  await page.locator(".step-files img").waitFor();
  await page.getByRole("button", { name: "On black" }).click();
  await check(p, "a program's pictures");
  await checkTools(p);
  if (wide) await p.language("Python");
  else return;
  await page.locator("#input summary").click();
  await page.getByLabel("Keep the input open").check();
  await p.write(programs.pythonTalk);
  await p.start();
  await p.waitForText("run", "name?");
  await check(p, "a program that reads");
  await page.locator("#stdin-end").click();
  await p.ended();
}

export function addAccessTests(test) {
  for (const colorScheme of ["light", "dark"]) {
    test(
      `no one is kept out while the server is away, ${colorScheme}`,
      async (p) => {
        await p.page.evaluate(axe);
        await p.page.context().setOffline(true);
        await p.start();
        await p.page.locator("#banner:visible").waitFor();
        await check(p, "the server is away");
        await p.page.context().setOffline(false);
        await p.page.locator("#banner").waitFor({ state: "hidden", timeout: 20000 });
      },
      { options: { bypassCSP: true, colorScheme }, expectedComplaint: /ERR_INTERNET_DISCONNECTED|Failed to load resource/ },
    );
  }
  for (const colorScheme of ["light", "dark"]) {
    const more = { bypassCSP: true, colorScheme };
    const begin = async (p) => {
      await p.page.evaluate(axe);
    };
    test(
      `no one is kept out, ${colorScheme}`,
      async (p) => {
        await begin(p);
        await walk(p, true);
      },
      { options: more },
    );
    test(
      `no one is kept out on a phone, ${colorScheme}`,
      async (p) => {
        await begin(p);
        await walk(p, false);
      },
      { options: { ...more, viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
    );
    test(
      `no one is kept out of a plain text field and a frame, ${colorScheme}`,
      async (p) => {
        await begin(p);
        await p.page.keyboard.press("Control+,");
        await p.page.getByRole("checkbox", { name: "Plain text field" }).check();
        await p.page.keyboard.press("Escape");
        await check(p, "a plain text field");
        await p.page.goto(`${p.page.url()}embed?language=c`);
        await p.page.locator("#run:enabled").waitFor();
        await begin(p);
        await p.start();
        await p.ended();
        await check(p, "embedded");
      },
      { options: more },
    );
  }
}
