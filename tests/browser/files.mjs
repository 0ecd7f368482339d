// Programs of several files, and what the browser keeps of them.
import { assert, assertIncludes } from "./playground.mjs";
import * as programs from "./programs.mjs";

export async function addFile(p, name, text) {
  await p.page.locator("#file-add").click();
  await p.page.locator("#file-entry").fill(name);
  await p.page.locator("#file-entry").press("Enter");
  await p.page.getByRole("tab", { name, exact: true, selected: true }).waitFor();
  await p.write(text);
}

const tab = (p, name) => p.page.getByRole("tab", { name, exact: true });

export function addFileTests(test) {
  test("a program of several files", async (p) => {
    await p.write(programs.rustModuleMain);
    await addFile(p, "src/greet.rs", programs.rustModule);
    assertIncludes(await p.run(), "Finished", "the outcome");
    assert((await p.shown("run", "stdout")) === "Hello, tabs\n", "stdout");
    await p.screenshot("files");

    await tab(p, "src/greet.rs").press("F2");
    await p.page.locator("#file-entry").fill("src/greeting.rs");
    await p.page.locator("#file-entry").press("Enter");
    assert((await p.run()) === "It did not compile.", "after the file was renamed");
    assertIncludes(await p.shown("compile"), "greet", "the compiler's words");

    await p.page.reload();
    await tab(p, "src/greeting.rs").click();
    assertIncludes(await p.text(), "Hello, {name}", "the second file after a reload");
    await p.page.locator("#file-remove").click();
    assert((await tab(p, "src/greeting.rs").count()) === 0, "the file is gone");
    assertIncludes(await p.text(), "mod greet", "the first file is in the editor");
  });

  test("names of files that cannot be are refused with the reason", async (p) => {
    await p.page.locator("#file-add").click();
    const entry = p.page.locator("#file-entry");
    for (const [name, reason] of [
      ["../up.rs", "below the program's folder"],
      ["src/main.rs", "There is a src/main.rs already"],
      ["src", "the same name"],
      ["<b>.rs", "no quotes"],
      ["", "needs a name"],
    ]) {
      await entry.fill(name);
      await entry.press("Enter");
      assertIncludes(await p.page.locator("#file-trouble").innerText(), reason, `the reason for ${name}`);
    }
    await entry.press("Escape");
    assert((await p.page.getByRole("tab").count()) === 1, "no file was added");
  });

  test("an error in another file leads there", async (p) => {
    await p.write(programs.rustModuleMain);
    await addFile(p, "src/greet.rs", 'pub fn greet(name: &str) -> u8 {\n    name.len()\n}\n');
    await tab(p, "src/main.rs").click();
    assert((await p.run()) === "It did not compile.", "the outcome");
    await p.page.locator(".location", { hasText: "src/greet.rs:2:" }).first().click();
    assert((await tab(p, "src/greet.rs").getAttribute("aria-selected")) === "true", "the file is shown");
    assertIncludes(await p.page.locator("#editor .cm-activeLine").innerText(), "name.len()", "the cursor's line");
    await p.page.locator("#editor .cm-lintRange-error").first().waitFor();
  });

  test("files are reached by keys", async (p) => {
    await p.write(programs.rustModuleMain);
    await addFile(p, "src/greet.rs", programs.rustModule);
    await p.page.keyboard.press("Alt+PageUp");
    assert((await tab(p, "src/main.rs").getAttribute("aria-selected")) === "true", "the file before");
    await tab(p, "src/main.rs").focus();
    await p.page.keyboard.press("ArrowRight");
    assert((await tab(p, "src/greet.rs").getAttribute("aria-selected")) === "true", "the file after");
    await p.page.keyboard.press("Delete");
    assert((await p.page.getByRole("tab").count()) === 1, "the file is gone");
  });

  test("undo goes back across a reload", async (p) => {
    await p.language("Python");
    await p.write("print('first')\n");
    await p.page.waitForTimeout(600); /* CodeMirror joins edits that are less than half a second apart */
    await p.write("print('second')\n");
    await p.page.reload();
    await p.page.locator('#version:has-text("Python")').waitFor();
    assertIncludes(await p.text(), "second", "the text");
    await p.editor.press("Control+z");
    assertIncludes(await p.text(), "first", "the text before the last edit");
    await p.editor.press("Control+y");
    assertIncludes(await p.text(), "second", "and after it again");
  });

  test("programs that were run or replaced can be had again", async (p) => {
    await p.language("Python");
    await p.run("print('one of the past')\n");
    await p.choose("#programs-button", "Primes");
    assertIncludes(await p.text(), "def primes", "the example");
    await p.editor.press("Control+z");
    assertIncludes(await p.text(), "one of the past", "undo brings back what the example replaced");
    await p.language("C");
    await p.choose("#programs-button", "Recent programs");
    await p.screenshot("recent");
    await p.page.locator(".recent-item", { hasText: "one of the past" }).click();
    await p.page.locator('#version:has-text("Python")').waitFor();
    assertIncludes(await p.text(), "one of the past", "the program");
  });

  test("the address can carry a program and its options", async (p) => {
    const base = p.page.url();
    const code = encodeURIComponent(programs.rustHello);
    await p.page.goto(`${base}?version=nightly&mode=release&edition=2024&code=${code}`);
    await p.page.locator("#run:enabled").waitFor();
    await p.page.locator("#editor .cm-line", { hasText: "Hello from Rust" }).waitFor();
    const summary = await p.page.locator("#options-summary").innerText();
    for (const word of ["nightly", "release", "2024"]) assertIncludes(summary, word, "the options");
    await p.write("fn main() { println!(\"edited\"); }\n");
    await p.page.reload();
    await p.page.locator("#editor .cm-line", { hasText: "edited" }).waitFor();
    await p.page.goto(`${base}?language=py&code=${encodeURIComponent("print('<b>')")}`);
    await p.page.locator("#editor .cm-line", { hasText: "print('<b>')" }).waitFor();
    await p.page.goto(`${base}?language=cobol`);
    await p.page.locator("#headline", { hasText: "This server has no language cobol." }).waitFor();
  });
}
