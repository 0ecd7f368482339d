// The page for everyone: keys, settings, a plain text field, layouts.
import { assert, assertIncludes } from "./playground.mjs";
import * as programs from "./programs.mjs";

async function openSettings(p) {
  await p.page.locator("#settings").click();
  return p.page.getByRole("dialog", { name: "Settings" });
}

export function addPeopleTests(test) {
  test("vim and emacs keys", async (p) => {
    await p.language("Python");
    await p.write("print('one')\nprint('two')\n");
    let settings = await openSettings(p);
    await settings.getByRole("radio", { name: "Vim" }).check();
    await settings.getByRole("button", { name: "Close" }).click();
    await p.page.locator("#editor .cm-vim-panel, #editor .cm-fat-cursor").first().waitFor();
    await p.editor.press("g");
    await p.editor.press("g");
    await p.editor.press("d");
    await p.editor.press("d");
    assert((await p.text()) === "print('two')\n", "dd deletes a line");
    settings = await openSettings(p);
    await settings.getByRole("radio", { name: "Emacs" }).check();
    await settings.getByRole("button", { name: "Close" }).click();
    await p.page.locator("#editor .cm-vim-panel").waitFor({ state: "detached" });
    await p.editor.press("Control+a");
    await p.editor.press("Control+k");
    assert(!(await p.text()).includes("print"), "C-a C-k kills the line");
    await p.editor.press("Control+y");
    assertIncludes(await p.text(), "print('two')", "C-y brings it back");
    await p.page.reload();
    await p.page.locator("#run:enabled").waitFor();
    settings = await openSettings(p);
    assert(await settings.getByRole("radio", { name: "Emacs" }).isChecked(), "it is remembered");
  });

  test("a plain text field in place of the editor", async (p) => {
    await p.language("Python");
    await p.write("print('before')\n");
    const settings = await openSettings(p);
    await settings.getByRole("checkbox", { name: "Plain text field" }).check();
    await settings.getByRole("button", { name: "Close" }).click();
    const area = p.page.locator("#plain-editor");
    assert((await area.inputValue()) === "print('before')\n", "the text");
    assert(await p.page.locator("#editor").isHidden(), "the editor is away");
    await area.fill("print('plain')\nprint(1 / 0)\n");
    await area.press("Control+Enter");
    assertIncludes(await p.ended(), "exit code 1", "the outcome");
    assert((await p.shown("run", "stdout")) === "plain\n", "stdout");
    await p.page.locator(".location", { hasText: "line 2" }).first().click();
    assert((await area.evaluate((node) => node.selectionStart)) === 15, "the place of the error");
    await p.page.reload();
    await p.page.locator("#run:enabled").waitFor();
    assertIncludes(await area.inputValue(), "plain", "the text after a reload");
  });

  test("size and layout are the visitor's", async (p) => {
    const settings = await openSettings(p);
    await settings.getByRole("combobox").selectOption("20");
    await settings.getByRole("radio", { name: "Stacked" }).check();
    await p.page.keyboard.press("Escape");
    const size = await p.editor.evaluate((node) => getComputedStyle(node).fontSize);
    assert(size === "20px", `the text is ${size} high`);
    const boxes = async () => ({
      editor: await p.page.locator("#program").boundingBox(),
      output: await p.page.locator("#output").boundingBox(),
    });
    const { editor, output } = await boxes();
    assert(output.y >= editor.y + editor.height, "the output is below the editor");
    await p.page.reload();
    await p.page.locator("#run:enabled").waitFor();
    const again = await boxes();
    assert(again.output.y >= again.editor.y + again.editor.height, "it is remembered");
  });

  test("every command has a key that is shown and works", async (p) => {
    await p.page.keyboard.press("F1");
    const dialog = p.page.getByRole("dialog", { name: "Keys" });
    await dialog.waitFor();
    const rows = await dialog.locator(".keys").first().locator("dt").allInnerTexts();
    assert(rows.length >= 15 && rows.every((row) => row.trim()), `${rows.length} keys`);
    assert(new Set(rows).size === rows.length, "two commands have one key");
    await p.screenshot("keys");
    await p.page.keyboard.press("Escape");
    const focus = () => p.page.evaluate(() => document.activeElement.id);
    await p.page.keyboard.press("Alt+Shift+u");
    assert((await focus()) === "output", "to the output");
    await p.page.keyboard.press("Alt+Shift+i");
    assert((await focus()) === "stdin", "to the input");
    await p.page.keyboard.press("Alt+Shift+e");
    assert((await focus()) === "editor", "to the editor");
    await p.page.keyboard.press("Alt+Shift+t");
    assert((await p.page.evaluate(() => document.documentElement.dataset.theme)) === "dark", "the theme");
    await p.page.keyboard.press("Control+,");
    await p.page.getByRole("dialog", { name: "Settings" }).waitFor();
  });

  test("the theme follows the system until it is chosen", async (p) => {
    const theme = () => p.page.evaluate(() => document.documentElement.dataset.theme);
    const becomes = (wanted) => p.page.locator(`html[data-theme=${wanted}]`).waitFor();
    await p.page.emulateMedia({ colorScheme: "dark" });
    await becomes("dark");
    const settings = await openSettings(p);
    await settings.getByRole("radio", { name: "Light" }).check();
    assert((await theme()) === "light", "the chosen one");
    await p.page.emulateMedia({ colorScheme: "light" });
    await settings.getByRole("radio", { name: "System" }).check();
    await p.page.emulateMedia({ colorScheme: "dark" });
    await becomes("dark");
  });
}
