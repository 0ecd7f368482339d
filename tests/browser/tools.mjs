// What Run does, and what else can be done with a program.
import { assert, assertIncludes } from "./playground.mjs";
import * as programs from "./programs.mjs";

const label = (p) => p.page.locator("#run-label").innerText();

export function addToolTests(test) {
  test("the text says whether it is run, tested or built", async (p) => {
    await p.write(programs.rustHello);
    assert((await label(p)) === "Run", "a program");
    await p.write(programs.rustTests);
    assert((await label(p)) === "Test", "tests without a program");
    assertIncludes(await p.run(), "Ended with exit code 101", "the outcome of the tests");
    const stdout = await p.shown("run", "stdout");
    assertIncludes(stdout, "test sum_is_right ... ok", "the harness");
    assertIncludes(stdout, "1 passed; 1 failed", "the harness");
    await p.write("pub fn twice(n: u32) -> u32 {\n    n * 2\n}\n");
    assert((await label(p)) === "Build", "a library");
    assert((await p.run()) === "Compiled.", "the outcome of the build");
    await p.write(programs.rustHello);
    await p.choose("#tools-button", "Build");
    assert((await p.ended()) === "Compiled.", "a program that is built only");
    assert((await label(p)) === "Build", "what was chosen stays");
    await p.choose("#tools-button", "As the text asks");
    assertIncludes(await p.ended(), "Finished", "the outcome");
    assert((await label(p)) === "Run", "and the text is asked again");
  });

  test("the menu beside Run is worked by keys", async (p) => {
    await p.write(programs.rustHello);
    await p.page.keyboard.press("Alt+Shift+m");
    await p.screenshot("tools");
    await p.page.keyboard.press("b");
    assertIncludes(await p.page.evaluate(() => document.activeElement.textContent), "Build", "the item in focus");
    await p.page.keyboard.press("Home");
    await p.page.keyboard.press("ArrowUp");
    await p.page.keyboard.press("Escape");
    const focused = await p.page.evaluate(() => document.activeElement.id);
    assert(focused === "tools-button", `the focus is on ${focused}`);
    assert(await p.page.locator("#tools-menu").isHidden(), "the menu is closed");
  });

  test("a click on a crate uses it", async (p) => {
    await p.write("// A note.\n#![allow(dead_code)]\n\nuse std::fmt;\n\nfn main() {}\n");
    await p.page.locator("#options-button").click();
    await p.page.locator("#options-panel .crates summary").click();
    await p.page.getByLabel("Find a crate").fill("serde_j");
    await p.page.locator(".crate:visible").click();
    const text = await p.text();
    assertIncludes(text, "use serde_json;\nuse std::fmt;", "the text");
    assert(await p.page.locator("#options-panel").isHidden(), "the panel is closed");
    await p.editor.press("Control+z");
    assert(!(await p.text()).includes("serde_json"), "undo takes it back");
  });
}
