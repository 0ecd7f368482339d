// The whole work, from a text to a link to it: by the keyboard alone, and on a phone; and what is told on the way.
import { assert, assertIncludes } from "./playground.mjs";
import * as programs from "./programs.mjs";

const BROKEN = "#include <stdio.h>\n\nint main(void)\n{\n\tint count = 3;\n\tprintf(\"%d\\n\", cuont);\n}\n";

/* The element in focus, in shadow roots too, as its id or what it says. */
const focused = (p) => p.page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute("aria-label") || document.activeElement.textContent);

async function press(p, ...keys) {
  for (const key of keys) await p.page.keyboard.press(key);
}

/* Tab, as often as it takes to get there. */
async function tabTo(p, wanted) {
  for (let i = 0; i < 60; i++) {
    if ((await focused(p)).includes(wanted)) return;
    await press(p, "Tab");
  }
  throw new Error(`${wanted} is not reached by Tab`);
}

export function addWholeTests(test) {
  test("the whole work by the keyboard alone", async (p) => {
    const { page } = p;
    await page.evaluate(() => {
      window.pointed = 0;
      addEventListener("pointerdown", () => window.pointed++, { capture: true });
    });
    await press(p, "Alt+Shift+L", "ArrowRight");
    await page.getByRole("tab", { name: "main.c" }).waitFor();
    await press(p, "Alt+Shift+O", "ArrowRight");
    await page.locator("#options-summary", { hasText: "c2x" }).waitFor();
    await press(p, "Escape");
    assert((await focused(p)) === "options-button", "Escape leads back to the options' button");
    await press(p, "Alt+Shift+E", "Control+a");
    await page.keyboard.insertText(BROKEN);
    await press(p, "Control+Enter");
    assert((await p.ended()) === "It did not compile.", "the outcome");
    await press(p, "Alt+Shift+U");
    await tabTo(p, "Apply");
    await press(p, "Tab");
    await tabTo(p, "main.c:6");
    await press(p, "Enter");
    assertIncludes(await page.locator("#editor .cm-activeLine").innerText(), "cuont", "the place of the error");
    await press(p, "Control+Home", "F8");
    assertIncludes(await page.locator("#editor .cm-activeLine").innerText(), "int count", "the first problem: it is not used");
    await press(p, "F8");
    assertIncludes(await page.locator("#editor .cm-activeLine").innerText(), "cuont", "the next problem");
    await press(p, "Alt+Shift+U");
    await tabTo(p, "Apply");
    await press(p, "Enter");
    assertIncludes(await p.text(), "count);", "the fix");
    await press(p, "Control+Enter");
    assertIncludes(await p.ended(), "Finished", "the outcome then");

    await press(p, "Alt+Shift+N");
    await page.keyboard.type("more.h");
    await press(p, "Enter");
    await page.getByRole("tab", { name: "more.h", selected: true }).waitFor();
    await press(p, "Alt+PageUp");
    await page.getByRole("tab", { name: "main.c", selected: true }).waitFor();

    await press(p, "Alt+Shift+M");
    await page.keyboard.type("a");
    await press(p, "Enter");
    assertIncludes(await p.ended(), "Assembly: done.", "the outcome of an action");
    await press(p, "Alt+Shift+E", "Control+Home", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "Alt+Shift+A");
    await page.locator(".step-result .cm-linked").first().waitFor();
    await press(p, "Enter");
    assert((await focused(p)) === "editor", "back in the source");
    await press(p, "Escape", "Tab");
    assert((await focused(p)) !== "editor", "Escape, then Tab leave the editor");

    await press(p, "Alt+Shift+S");
    const dialog = page.getByRole("dialog", { name: "Share" });
    await dialog.waitFor();
    await tabTo(p, "Make a link");
    await press(p, "Enter");
    await dialog.getByLabel("Link", { exact: true }).waitFor();
    await press(p, "Escape");
    await dialog.waitFor({ state: "detached" });
    assert((await page.evaluate(() => window.pointed)) === 0, "no pointer was used");
  });

  test("a program is talked to and stopped by the keyboard alone", async (p) => {
    const { page } = p;
    await p.language("Python");
    await press(p, "Alt+Shift+E", "Control+a");
    await page.keyboard.insertText(programs.pythonTalk);
    await press(p, "Alt+Shift+I", "Tab", "Space", "Control+Enter");
    await p.waitForText("run", "name?");
    await tabTo(p, "stdin-entry");
    await page.keyboard.type("Ada");
    await press(p, "Enter");
    await p.waitForText("run", "hello Ada");
    await press(p, "Control+.");
    assertIncludes(await p.ended(), "stopped", "the outcome");
  });

  test(
    "the whole work on a phone",
    async (p) => {
      const { page } = p;
      const fits = async (what) => {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(overflow <= 0, `${what} is ${overflow} pixels too wide`);
      };
      const inView = async (locator, what) => {
        const box = await locator.boundingBox();
        assert(box && box.x >= 0 && box.x + box.width <= 360.5 && box.width >= 24 && box.height >= 24, `${what}: ${JSON.stringify(box)}`);
      };
      await page.locator("#languages").getByRole("radio", { name: "C", exact: true }).check({ force: true });
      await page.getByRole("tab", { name: "main.c" }).waitFor();
      await p.write(BROKEN);
      await page.locator("#run").tap();
      assert((await p.ended()) === "It did not compile.", "the outcome");
      await fits("a compile error");
      await page.locator(".location", { hasText: "main.c:6" }).first().tap();
      assertIncludes(await page.locator("#editor .cm-activeLine").innerText(), "cuont", "the place of the error");
      const fix = page.locator(".fixes li .button").first();
      await inView(fix, "the button of the fix");
      await fix.tap();
      assertIncludes(await p.text(), "count);", "the fix");
      await page.locator("#options-button").tap();
      await fits("the options");
      await inView(page.getByText("address", { exact: true }), "a sanitizer");
      await page.keyboard.press("Escape");
      await page.locator("#tools-button").tap();
      await fits("the menu beside Run");
      await inView(page.getByRole("menuitemradio", { name: "Assembly" }), "an action");
      await page.keyboard.press("Escape");
      await p.choose("#tools-button", "Preprocessed source");
      await p.ended();
      await fits("a button with a long name");
      await inView(page.locator("#tools-button"), "the menu's button");
      await p.choose("#tools-button", "Run");
      assertIncludes(await p.ended(), "Finished", "the outcome then");
      await page.locator("#file-add").tap();
      await page.locator("#file-entry").fill("src/a/rather/long/name/of/a/file.h");
      await page.locator("#file-entry").press("Enter");
      await fits("two files");
      for (const [button, name] of [["#share", "Share"], ["#settings", "Settings"]]) {
        await page.locator(button).tap();
        const dialog = page.getByRole("dialog", { name });
        await fits(name);
        if (name === "Share") {
          await dialog.getByRole("button", { name: "Make a link" }).tap();
          await dialog.getByLabel("Link", { exact: true }).waitFor();
          await fits("links");
        }
        await inView(dialog.getByRole("button", { name: "Close" }), `${name}'s way out`);
        await dialog.getByRole("button", { name: "Close" }).tap();
      }
      await p.screenshot("phone-whole");
    },
    { options: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } },
  );

  test("the place in the queue, the stage, time and memory are told", async (p) => {
    const slow = (n) => `constexpr int f() { long s = ${n}; for (long i = 0; i < 100000000000; i++) s += i; return s; }\nconstexpr int x = f();\nint main() {}\n`;
    const jobs = [];
    const post = async (path, data) => p.page.request.post(new URL(path, p.page.url()).href, { data });
    for (let n = 0; n < 10; n++) {
      const code = `#pragma GCC optimize("O2")\n${slow(n)}`;
      const reply = await post("/api/v1/jobs", { language: "cpp", code });
      jobs.push((await reply.json()).id);
    }
    await p.language("C");
    await p.write(`/* ${Date.now()} */\n${programs.cHello}`);
    await p.start();
    await p.page.locator("#headline", { hasText: /^Queued, (next in line|\d+(st|nd|rd|th) in line)…$/ }).waitFor();
    assertIncludes(await p.page.locator("#live").textContent(), "in line", "what is read out");
    for (const id of jobs) await post(`/api/v1/jobs/${id}/kill`);
    assertIncludes(await p.ended(), "exit code 3", "the outcome");
    const facts = await p.page.locator("#facts").innerText();
    for (const [what, form] of [["queued", /queued\s+[\d.]+ m?s/], ["compile", /compile\s+[\d.]+ m?s/], ["run", /run\s+[\d.]+ m?s/], ["CPU", /CPU\s+[\d.]+ m?s/], ["memory", /memory\s+[\d.]+ [KM]iB/]])
      assert(form.test(facts), `${what} is not among the facts: ${facts}`);
  });

  test("edition, channel and mode are those that are chosen", async (p) => {
    const option = async (name) => {
      await p.page.locator("#options-button").click();
      await p.page.locator("#options-panel").getByRole("radio", { name, exact: true }).check();
      await p.page.keyboard.press("Escape");
    };
    await p.write("fn main() {\n    let async = 1;\n    println!(\"{} {}\", async, cfg!(debug_assertions));\n}\n");
    assert((await p.run()) === "It did not compile.", "async is a keyword in 2021");
    await option("2015");
    assertIncludes(await p.run(), "Finished", "in 2015 it is a name");
    assert((await p.shown("run", "stdout")) === "1 true\n", "debug");
    await option("release");
    assertIncludes(await p.run(), "Finished", "a release build");
    assert((await p.shown("run", "stdout")) === "1 false\n", "release");
    await p.write("#![feature(never_type)]\nfn main() {}\n");
    assert((await p.run()) === "It did not compile.", "stable has no features");
    await option("nightly");
    assertIncludes(await p.page.locator("#version").innerText(), "nightly", "the version that is shown");
    assertIncludes(await p.run(), "Finished", "nightly has them");
  });

  test("what this image has not is greyed and says why: beta, Miri, WebAssembly, a formatter for C", async (p) => {
    await p.page.locator("#options-button").click();
    const beta = p.page.getByRole("radio", { name: "beta" });
    assert(await beta.isDisabled(), "beta is greyed");
    const reason = p.page.locator(`#${await beta.getAttribute("aria-describedby")}`);
    assertIncludes(await reason.innerText(), "This image has no beta tool chain.", "the reason");
    await p.page.keyboard.press("Escape");
    const isGreyed = async (name, why) => {
      const item = p.page.locator("#tools-menu .menu-item", { hasText: name });
      assert((await item.getAttribute("aria-disabled")) === "true", `${name} is greyed`);
      assertIncludes(await item.innerText(), why, `the reason for ${name}`);
    };
    await p.page.locator("#tools-button").click();
    await isGreyed("Miri", "This image has no Miri");
    await isGreyed("WebAssembly", "This image has no WebAssembly");
    await p.page.keyboard.press("Escape");
    await p.language("C");
    await p.page.locator("#tools-button").click();
    await isGreyed("Format", "This image has no formatter for C.");
  });

  test("every language has examples, and each runs", async (p) => {
    for (const language of ["Rust", "C", "C++", "Python"]) {
      await p.language(language);
      await p.page.locator("#programs-button").click();
      const names = await p.page.locator("#programs-menu .menu-label").allInnerTexts();
      await p.page.keyboard.press("Escape");
      const examples = names.filter((name) => !/^(Recent|First program)/.test(name));
      assert(examples.length >= 2, `${language} has ${names}`);
      await p.choose("#programs-button", examples[0]);
      const words = await p.run();
      assert(/^(Finished|Ended with exit code)/.test(words), `${language}, ${examples[0]}: ${words}`);
    }
  });

  test("C's warnings, sanitizers and preprocessed source are had from the page", async (p) => {
    await p.language("C");
    await p.write("#include <stdlib.h>\n#define HOW_MANY 8\n\nint main(int c, char **v)\n{\n\tchar *p = malloc(HOW_MANY);\n\tp[8 * c] = 1;\n\treturn p[0];\n}\n");
    await p.page.locator("#options-button").click();
    await p.page.getByRole("radio", { name: "address" }).check();
    await p.page.keyboard.press("Escape");
    assertIncludes(await p.page.locator("#options-summary").innerText(), "address", "the summary");
    await p.run();
    assertIncludes(await p.shown("compile"), "unused parameter", "the warnings");
    await p.page.locator("#editor .cm-lintRange-warning").first().waitFor();
    assertIncludes(await p.shown("run", "stderr"), "heap-buffer-overflow", "the sanitizer's words");
    await p.page.locator(".step-run .location", { hasText: "main.c:7" }).first().click();
    assertIncludes(await p.page.locator("#editor .cm-activeLine").innerText(), "8 * c", "the place it names");
    await p.choose("#tools-button", "Preprocessed source");
    assertIncludes(await p.ended(), "Preprocessed source: done.", "the outcome");
    const made = p.page.locator(".step-result .cm-content");
    await made.press("Control+End");
    await made.locator(".cm-line", { hasText: "malloc(8)" }).waitFor();
  });
}
