// What Run does, and what else can be done with a program.
import { Playground, assert, assertIncludes } from "./playground.mjs";
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

  test("what a program becomes is shown: assembly, IR, expanded macros", async (p) => {
    const made = p.page.locator(".step-result .cm-content");
    await p.write(programs.rustLibrary);
    for (const [action, part] of [
      ["LLVM IR", "define"],
      ["MIR", "fn twice(_1: u32) -> u32"],
      ["Expand macros", "::std::io::_print"],
      ["Assembly", "retq"],
    ]) {
      await p.choose("#tools-button", action);
      assertIncludes(await p.ended(), `${action}: done.`, "the outcome");
      assertIncludes(await made.innerText(), part, action);
      assert((await label(p)) === action, "it stays chosen");
    }
    await p.page.locator("#options-button").click();
    await p.page.locator(".for-actions summary").click();
    await p.page.getByRole("radio", { name: "intel" }).check();
    await p.screenshot("options-of-actions");
    await p.page.keyboard.press("Escape");
    await p.start();
    await p.ended();
    const text = await made.innerText();
    assert(/\bret\b/.test(text) && !text.includes("%"), `Intel's syntax: ${text}`);
    await p.screenshot("assembly");
  });

  test("of a program that becomes nothing it is said why", async (p) => {
    await p.page.goto(`${p.page.url()}?mode=release&code=${encodeURIComponent("pub fn one() -> u32 {\n    1\n}\n")}`);
    await p.page.locator("#run:enabled").waitFor();
    await p.choose("#tools-button", "Assembly");
    assertIncludes(await p.ended(), "Assembly: done.", "the outcome");
    assertIncludes(await p.page.locator("#output .note").innerText(), "There is nothing to show", "the note");
  });

  test("an action on a program that does not compile says so and shows where", async (p) => {
    await p.write(programs.rustError);
    await p.choose("#tools-button", "MIR");
    assert((await p.ended()) === "MIR failed.", "the outcome");
    assertIncludes(await p.shown("action"), "E0308", "the compiler's words");
    await p.page.locator("#editor .cm-lintRange-error").first().waitFor();
  });

  test("formatting is one edit that keeps the cursor", async (p) => {
    await p.write('fn main(){let x=vec![1,2,   3];\n\n\n\nprintln!("{}",   x.len());}\n');
    await p.page.keyboard.press("Control+Home");
    for (let i = 0; i < 16; i++) await p.page.keyboard.press("ArrowRight"); /* before vec! */
    await p.page.keyboard.press("Alt+Shift+F");
    assertIncludes(await p.ended(), "Format: done.", "the outcome");
    const formatted = 'fn main() {\n    let x = vec![1, 2, 3];\n\n    println!("{}", x.len());\n}\n';
    assert((await p.text()) === formatted, `the text is ${await p.text()}`);
    assert((await label(p)) === "Run", "Run is what it was");
    await p.editor.focus();
    await p.page.keyboard.type("HERE");
    assertIncludes(await p.text(), "let x = HEREvec![1, 2, 3];", "the cursor");
    await p.page.keyboard.press("Control+z");
    await p.page.keyboard.press("Control+z");
    assertIncludes(await p.text(), "fn main(){let x=vec![1,2,   3];", "after two undos");
  });

  test("Clippy's words lead to their lines", async (p) => {
    await p.write('fn main() {\n    let v = vec![1, 2, 3];\n    for i in 0..v.len() {\n        println!("{}", v[i]);\n    }\n}\n');
    await p.choose("#tools-button", "Clippy");
    assertIncludes(await p.ended(), "Clippy: done.", "the outcome");
    assertIncludes(await p.shown("action"), "needless_range_loop", "Clippy's words");
    await p.page.locator(".location", { hasText: "src/main.rs:3:" }).first().click();
    assertIncludes(await p.page.locator("#editor .cm-activeLine").innerText(), "0..v.len()", "the cursor's line");
  });

  test("what an image cannot do is greyed, with the reason", async (p) => {
    await p.page.locator("#tools-button").click();
    const miri = p.page.getByRole("menuitemradio", { name: /^Miri/ });
    assert((await miri.getAttribute("aria-disabled")) === "true", "Miri is greyed");
    assertIncludes(await miri.innerText(), "This image has no Miri", "the reason");
    await miri.click({ force: true });
    assert(await p.page.locator("#tools-menu").isVisible(), "nothing was chosen");
    await p.page.keyboard.press("Escape");
    assert((await label(p)) === "Run", "the button is what it was");
  });

  test("a link to a program, and its end", async (p) => {
    await p.language("Python");
    await p.write("print('shared')\n");
    await p.page.locator("#share").click();
    const dialog = p.page.getByRole("dialog", { name: "Share" });
    await dialog.getByRole("button", { name: "Make a link" }).click();
    const link = await dialog.getByLabel("Link", { exact: true }).inputValue();
    await p.screenshot("share");
    const reader = await Playground.open(p.page.context().browser(), link);
    await reader.page.locator('#version:has-text("Python")').waitFor();
    assert((await reader.text()) === "print('shared')\n", "the text of who follows the link");
    assert((await reader.run()) === "Finished.", "and it runs");
    await dialog.getByRole("button", { name: "Delete it" }).click();
    await dialog.getByText("Deleted:").waitFor();
    await reader.close();
    const late = await Playground.open(p.page.context().browser(), link);
    await late.page.locator('#status[data-tone="bad"]').waitFor();
    assert(!(await late.text()).includes("shared"), "the text is gone");
    await late.close();
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
