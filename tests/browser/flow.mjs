// What a visitor does with the page, one test each. Usage: node flow.mjs BASE_URL [NAME…]
import { addAccessTests } from "./access.mjs";
import { addEmbedTests } from "./embed.mjs";
import { addFileTests } from "./files.mjs";
import { addFixTests } from "./fixes.mjs";
import { addHostileTests } from "./hostile.mjs";
import { addLinkTests } from "./links.mjs";
import { addMdbookTests } from "./mdbook.mjs";
import { addPeopleTests } from "./people.mjs";
import { addPictureTests } from "./pictures.mjs";
import { assert, assertIncludes, runTests } from "./playground.mjs";
import * as programs from "./programs.mjs";
import { addSyntaxTests } from "./syntax.mjs";
import { addToolTests } from "./tools.mjs";
import { addWholeTests } from "./whole.mjs";

const [url, ...names] = process.argv.slice(2);
const tests = new Map();

function test(name, body, more = {}) {
  tests.set(name, { body, ...more });
}

test("the page loads without a complaint from the browser", async (p) => {
  assertIncludes(await p.page.title(), "Sandlot", "the title");
  for (const name of ["Rust", "C", "C++", "Python"])
    assert(await p.page.locator("#languages").getByText(name, { exact: true }).isVisible(), `no ${name}`);
  await p.page.locator("#editor .cm-line").first().waitFor();
  await p.screenshot("welcome");
});

test("the first load is small, and from the server alone", async (p) => {
  const context = await p.page.context().browser().newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const loaded = new Map();
  let bytes = 0;
  session.on("Network.responseReceived", ({ requestId, response }) => loaded.set(requestId, response.url));
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(p.page.url(), { waitUntil: "networkidle" });
  await page.locator("#editor .cm-line span").first().waitFor();
  const server = new URL(p.page.url()).origin;
  const elsewhere = [...loaded.values()].filter((url) => !url.startsWith(server));
  await context.close();
  assert(!elsewhere.length, `loaded from elsewhere: ${elsewhere}`);
  assert(loaded.size >= 8 && bytes > 100_000 && bytes <= 250_000, `${loaded.size} replies, ${bytes} bytes`);
});

test("every control has a name", async (p) => {
  await p.page.locator("#input summary").click();
  await p.page.locator("#options-button").click();
  const nameless = await p.page.evaluate(() => {
    const text = (node) => node?.textContent?.trim() ?? "";
    return [...document.querySelectorAll("button, input, textarea, select, [tabindex='0']")]
      .filter((node) => !node.closest("[hidden]") && !node.ariaLabel && !text(node) && ![...(node.labels ?? [])].some(text))
      .map((node) => node.outerHTML);
  });
  assert(!nameless.length, nameless.join(" "));
});

test("hello in Rust", async (p) => {
  assertIncludes(await p.run(programs.rustHello), "Finished", "the outcome");
  assertIncludes(await p.shown("run", "stdout"), "Hello from Rust 55", "stdout");
  assertIncludes(await p.page.locator("#facts").innerText(), "exit code", "the facts");
});

test("what is run again is not compiled again, and that is said", async (p) => {
  await p.run(programs.rustHello);
  assertIncludes(await p.run(), "Finished", "the outcome");
  assertIncludes(await p.page.locator("#facts").innerText(), "cached", "the facts");
  assertIncludes(await p.shown("run", "stdout"), "Hello from Rust 55", "stdout");
});

test("Rust with serde_json and rayon", async (p) => {
  assertIncludes(await p.run(programs.rustCrates), "Finished", "the outcome");
  assertIncludes(await p.shown("run", "stdout"), '{"sum":333833500,"threads":true}', "stdout");
});

test("C, with stdout and stderr told apart", async (p) => {
  await p.language("C");
  assertIncludes(await p.run(programs.cHello), "Ended with exit code 3.", "the outcome");
  assert((await p.shown("run", "stdout")) === "out from C\n", "stdout");
  assert((await p.shown("run", "stderr")) === "err from C\n", "stderr");
  assertIncludes(await p.page.locator(".row.stderr .tag").first().textContent(), "stderr", "the label");
});

test("C++", async (p) => {
  await p.language("C++");
  assertIncludes(await p.run(programs.cppHello), "Finished", "the outcome");
  assert((await p.shown("run", "stdout")) === "1 2 3\n", "stdout");
});

test("Python", async (p) => {
  await p.language("Python");
  assertIncludes(await p.run('print(sum(range(101)), "from Python")\n'), "Finished", "the outcome");
  assert((await p.shown("run", "stdout")) === "5050 from Python\n", "stdout");
});

test("Ctrl-Enter runs", async (p) => {
  await p.language("Python");
  await p.write('print("by key")\n');
  await p.editor.press("Control+Enter");
  assertIncludes(await p.ended(), "Finished", "the outcome");
  assert((await p.shown("run", "stdout")) === "by key\n", "stdout");
});

test("typing over a selection", async (p) => {
  const { keyboard } = p.page;
  await p.write(programs.rustHello);
  await p.editor.focus();
  await keyboard.press("Control+a");
  await keyboard.type("x");
  assert((await p.editor.innerText()).trim() === "x", "the new text");
  await keyboard.press("Control+a");
  await keyboard.type("(");
  assert((await p.editor.innerText()).trim() === "(x)", "brackets go around the selection");
  await keyboard.press("Control+z");
  await keyboard.press("Control+z");
  assertIncludes(await p.editor.innerText(), "Hello from Rust", "undo");
});

test("a compile error is shown, marked and leads to its line", async (p) => {
  assert((await p.run(programs.rustError)) === "It did not compile.", "the outcome");
  assertIncludes(await p.shown("compile"), "E0308", "the compiler's words");
  assert((await p.shown("run")) === "", "nothing ran");
  await p.page.locator("#editor .cm-lintRange-error").first().waitFor();
  await p.page.locator(".location", { hasText: "src/main.rs:3:" }).first().click();
  const line = await p.page.locator("#editor .cm-activeLine").innerText();
  assertIncludes(line, '"three"', "the line the cursor is on");
});

test("what a compiler draws is not broken where a line is long", async (p) => {
  await p.page.setViewportSize({ width: 900, height: 700 });
  await p.run(programs.rustError);
  const [shown, printed] = await p.page.locator(".step-compile .text").first().evaluate((node) => [
    Math.round(node.getBoundingClientRect().height / parseFloat(getComputedStyle(node).lineHeight)),
    node.textContent.trimEnd().split("\n").length,
  ]);
  assert(Math.abs(shown - printed) <= 1, `${printed} lines take the room of ${shown}`);
});

test(
  "without a keyboard nobody is told to press a key",
  async (p) => {
    assert((await p.page.locator(".welcome-lead").innerText()) === "Press Run and it runs.", "the welcome");
  },
  { options: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
);

test("a panic has a backtrace that names the source", async (p) => {
  await p.page.locator("#options-button").click();
  await p.page.getByRole("checkbox", { name: "Backtrace" }).check();
  await p.page.keyboard.press("Escape");
  assertIncludes(await p.run(programs.rustPanic), "Ended with exit code 101", "the outcome");
  const stderr = await p.shown("run", "stderr");
  assertIncludes(stderr, "panicked at src/main.rs:3:", "stderr");
  assertIncludes(stderr, "stack backtrace:", "stderr");
  assert(/inner\n\s+at .*src\/main\.rs:3/.test(stderr), `no line of the backtrace names the source: ${stderr}`);
});

test("Stop ends an endless loop", async (p) => {
  await p.language("C");
  await p.write(programs.cForever);
  await p.start();
  await p.waitForText("run", "looping");
  await p.page.locator("#stop").click();
  assertIncludes(await p.ended(8), "stopped", "the outcome");
  assertIncludes(await p.run(programs.cHello), "Ended with exit code 3.", "the next run");
});

test("running again replaces the run under way", async (p) => {
  await p.language("Python");
  await p.write('import time\nprint("old", flush=True)\ntime.sleep(8)\nprint("old end")\n');
  await p.start();
  await p.waitForText("run", "old");
  assertIncludes(await p.run('print("new")\n', 8), "Finished", "the outcome");
  assert((await p.shown("run")) === "new\n", "only the new run's output");
});

test("output appears as it is printed", async (p) => {
  await p.language("Python");
  await p.write(programs.pythonSlow);
  await p.start();
  await p.waitForText("run", "first");
  const during = await p.shown("run");
  assertIncludes(await p.headline(), "Running", "the stage");
  assert(!during.includes("second"), `too late: ${during}`);
  assertIncludes(await p.ended(), "Finished", "the outcome");
  assertIncludes(await p.shown("run"), "second", "all of it");
});

test("input given at the start is read", async (p) => {
  await p.language("Python");
  await p.page.locator("#input summary").click();
  await p.page.locator("#stdin").fill("one\ntwo\n");
  assertIncludes(await p.run("import sys\nprint(sys.stdin.read().upper())\n"), "Finished", "the outcome");
  assertIncludes(await p.shown("run", "stdout"), "ONE\nTWO\n", "stdout");
});

test("a program can be talked to while it runs", async (p) => {
  await p.language("Python");
  await p.page.locator("#input summary").click();
  await p.page.locator("#live-input").check();
  await p.write(programs.pythonTalk);
  await p.start();
  await p.waitForText("run", "name?");
  const entry = p.page.locator("#stdin-entry");
  await entry.fill("Ada");
  await entry.press("Enter");
  await p.waitForText("run", "hello Ada");
  assert((await p.shown("run", "stdin")) === "Ada\n", "what was typed is shown");
  await p.screenshot("talking");
  await p.page.locator("#stdin-end").click();
  assertIncludes(await p.ended(), "Finished", "the outcome");
  assertIncludes(await p.shown("run", "stdout"), "end of input", "stdout");
});

test("hostile output is only text", async (p) => {
  await p.language("Python");
  assertIncludes(await p.run(programs.pythonHostile), "Finished", "the outcome");
  const shown = await p.shown("run", "stdout");
  assertIncludes(shown, '<img src=x onerror="document.title=1"><script>document.title=2</script>', "stdout");
  assertIncludes(shown, "⟨U+202E⟩reversed", "a bidirectional control");
  assertIncludes(shown, "␛]0;title␇", "a terminal escape");
  assertIncludes(shown, "nul␀ cr␍ bs␈", "control characters");
  assert((await p.page.locator("#output img, #output script").count()) === 0, "HTML was taken as HTML");
  assert((await p.page.locator("#output .a-red").innerText()) === "red", "colours are shown");
  assertIncludes(await p.page.title(), "Sandlot", "the title");
});

for (const [name, program, least] of [
  ["100,000 lines stay quick", programs.pythonManyLines, 100000],
  ["a line of a megabyte stays quick", programs.pythonLongLine, 900000],
]) {
  test(name, async (p) => {
    await p.language("Python");
    await p.write(program);
    await p.page.evaluate(() => {
      window.longestGap = 0;
      let last = performance.now();
      const frame = (now) => {
        window.longestGap = Math.max(window.longestGap, now - last);
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    await p.start();
    await p.ended();
    await p.page.waitForFunction(
      (length) => document.getElementById("output-content").textContent.length >= length,
      least,
      { timeout: 30000 },
    );
    const gap = await p.page.evaluate(() => window.longestGap);
    const nodes = await p.page.locator("#output *").count();
    assert(gap < 1500, `the page stood still for ${Math.round(gap)} ms`);
    assert(nodes < 15000, `${nodes} elements`);
  });
}

test("text and choices are remembered", async (p) => {
  await p.language("Python");
  await p.write("print('remember me')\n");
  await p.language("C");
  await p.write("/* and me */\n");
  await p.page.reload();
  await p.page.locator('#version:has-text("C ")').waitFor();
  assertIncludes(await p.editor.innerText(), "and me", "C's text");
  await p.language("Python");
  assertIncludes(await p.editor.innerText(), "remember me", "Python's text");
  await p.choose("#programs-button", "First program");
  assert(!(await p.editor.innerText()).includes("remember me"), "the sample is back");
  await p.editor.press("Control+z");
  assertIncludes(await p.editor.innerText(), "remember me", "undo after that");
});

test("a channel the image lacks is greyed, with the reason", async (p) => {
  await p.page.locator("#options-button").click();
  const missing = p.page.locator("#options-panel input:disabled");
  if ((await missing.count()) > 0) {
    const reason = await missing.first().getAttribute("aria-describedby");
    assert((await p.page.locator(`#${reason}`).innerText()).length > 10, "no reason is given");
  }
  await p.page.locator("#options-panel .crates summary").click();
  const crates = p.page.locator("#options-panel .crates li");
  assert((await crates.count()) >= 60, "the crates");
  await p.page.getByLabel("Find a crate").fill("Serde-");
  const found = (await p.page.locator("#options-panel .crates ul").innerText()).split("\n").join(" ");
  assertIncludes(found, "serde_json", "the crates that were looked for");
  assert(!found.includes("rayon"), "crates that were not looked for are shown");
  const note = await p.page.locator("#options-panel .crates p").last().innerText();
  assert(/\d+ audited, \d+ exempted: unreviewed/.test(note), "how many crates are audited");
  await p.page.locator("#options-panel").getByRole("radio", { name: "release" }).check();
  assertIncludes(await p.page.locator("#options-summary").innerText(), "release", "the summary");
  await p.screenshot("options");
  await p.page.keyboard.press("Escape");
  assert(await p.page.locator("#options-panel").isHidden(), "Escape closes the panel");
  assertIncludes(await p.run(programs.rustHello), "Finished", "a release build");
});

test(
  "a busy server is asked again",
  async (p) => {
    let refusals = 0;
    await p.page.route("**/api/v1/jobs", (route) => {
      if (refusals++ > 0) return route.fallback();
      return route.fulfill({
        status: 429,
        headers: { "Retry-After": "1", "Content-Type": "application/json" },
        body: '{"error":{"code":"queue_full","message":"The queue is full."}}',
      });
    });
    await p.language("Python");
    await p.write('print("at last")\n');
    await p.start();
    await p.page.locator("#clock", { hasText: "trying again in" }).waitFor();
    assertIncludes(await p.headline(), "busy", "the stage");
    assertIncludes(await p.ended(), "Finished", "the outcome");
  },
  { expectedComplaint: /429/ },
);

test(
  "a server that is away is announced and the text is kept",
  async (p) => {
    await p.language("Python");
    await p.write("print('precious')\n");
    await p.page.context().setOffline(true);
    await p.start();
    await p.page.locator("#banner:visible").waitFor();
    assertIncludes(await p.page.locator("#banner").innerText(), "Your text is safe", "the banner");
    await p.screenshot("away");
    await p.page.context().setOffline(false);
    await p.page.locator("#banner").waitFor({ state: "hidden", timeout: 20000 });
    assertIncludes(await p.editor.innerText(), "precious", "the text");
    assertIncludes(await p.run(), "Finished", "the outcome");
  },
  { expectedComplaint: /ERR_INTERNET_DISCONNECTED|Failed to load resource/ },
);

test("a refusal is shown in the server's words", async (p) => {
  await p.language("Python");
  await p.write("#" + "x".repeat(300 * 1024));
  await p.start();
  const words = await p.ended();
  assert(/\d|large|most/i.test(words), `the outcome: ${words}`);
}, { expectedComplaint: /413/ });

test("wide, light and dark", async (p) => {
  await p.run(programs.rustShow);
  await p.screenshot("wide-light");
  await p.page.locator("#theme").click();
  assert((await p.page.evaluate(() => document.documentElement.dataset.theme)) === "dark", "dark");
  await p.screenshot("wide-dark");
  await p.page.reload();
  await p.page.locator("#run:enabled").waitFor();
  assert((await p.page.evaluate(() => document.documentElement.dataset.theme)) === "dark", "it is remembered");
  await p.run(programs.rustError);
  await p.screenshot("wide-dark-error");
});

for (const scheme of ["light", "dark"]) {
  test(
    `360 pixels wide, ${scheme}`,
    async (p) => {
      assert((await p.page.evaluate(() => document.documentElement.dataset.theme)) === scheme, "the system's theme");
      await p.run(programs.rustShow);
      const overflow = await p.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert(overflow <= 0, `${overflow} pixels too wide`);
      for (const id of ["run", "stop", "options-button", "headline"]) {
        const box = await p.page.locator(`#${id}`).boundingBox();
        assert(box && box.x >= 0 && box.x + box.width <= 360, `#${id} is not in view`);
      }
      await p.screenshot(`phone-${scheme}`);
      await p.page.locator("#options-button").click();
      await p.screenshot(`phone-${scheme}-options`);
    },
    { options: { viewport: { width: 360, height: 740 }, colorScheme: scheme, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } },
  );
}

addFileTests(test);
addToolTests(test);
addLinkTests(test);
addWholeTests(test);
addFixTests(test);
addPeopleTests(test);
addPictureTests(test);
addHostileTests(test);
addEmbedTests(test);
addMdbookTests(test);
addSyntaxTests(test);
addAccessTests(test);

if (!url) {
  console.error("usage: node flow.mjs BASE_URL [NAME…]");
  process.exit(2);
}
process.exit((await runTests(tests, names, url)) ? 0 : 1);
