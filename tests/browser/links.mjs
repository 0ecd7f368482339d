// Assembly and the source lines it was made from: lit together, and a way from one to the other.
import { assert, assertIncludes } from "./playground.mjs";

const SOURCE = `int square(int n)
{
	return n * n;
}

int negate(int n)
{
	return -n;
}
`;

const asm = (p) => p.page.locator(".step-result .cm-content");
const litSource = (p) => p.page.locator("#editor .cm-line.cm-linked").allInnerTexts();
const litAsm = async (p) => (await p.page.locator(".step-result .cm-line.cm-linked").allInnerTexts()).join("\n");
const sourceLine = (p, text) => p.page.locator("#editor .cm-line", { hasText: text });
const asmLine = (p, text) => asm(p).locator(".cm-line", { hasText: text }).first();
const note = (p) => p.page.locator(".link-note");

/* Waits until these words are lit in the source, and nothing else. */
async function isLit(p, words) {
  const lit = p.page.locator("#editor .cm-line.cm-linked");
  if (words) await lit.filter({ hasText: words }).waitFor();
  else await lit.waitFor({ state: "detached" });
  const texts = await litSource(p);
  assert(texts.length === (words ? 1 : 0), `lit in the source: ${texts}`);
}

/* Waits until the first line that is lit in a text is in the view of its pane. */
async function comesIntoView(p, text, pane) {
  await p.page.waitForFunction(([textAt, paneAt]) => {
    const line = document.querySelector(textAt).shadowRoot.querySelector(".cm-linked").getBoundingClientRect();
    const view = document.querySelector(paneAt).getBoundingClientRect();
    return line.top >= view.top && line.bottom <= view.bottom;
  }, [text, pane]);
}

async function assemble(p) {
  await p.page.locator("#languages").getByRole("radio", { name: "C", exact: true }).check();
  await p.page.getByRole("tab", { name: "main.c" }).waitFor();
  await p.write(SOURCE);
  await p.choose("#tools-button", "Assembly");
  assertIncludes(await p.ended(), "Assembly: done.", "the outcome");
  await asmLine(p, "imul").waitFor();
}

export function addLinkTests(test) {
  test("assembly and source lines are lit together when pointed at", async (p) => {
    await assemble(p);
    await p.page.locator("#headline").hover();
    await sourceLine(p, "n * n").hover();
    await isLit(p, "n * n");
    assertIncludes(await litAsm(p), "imul", "the assembly that is lit");
    assert(!(await litAsm(p)).includes("neg"), "another line's assembly is lit");
    await p.screenshot("linked-light");
    await asmLine(p, "negl").hover();
    await isLit(p, "-n");
    assertIncludes(await litAsm(p), "neg", "the assembly that is lit");
    await asmLine(p, "square:").hover();
    await isLit(p, "");
    await p.page.locator("#theme").click();
    await sourceLine(p, "n * n").hover();
    await isLit(p, "n * n");
    await p.screenshot("linked-dark");
  });

  test("a click leads from assembly to its source line and back", async (p) => {
    await assemble(p);
    await asmLine(p, "negl").click();
    assertIncludes(await p.page.locator("#editor .cm-activeLine").innerText(), "-n", "the cursor's line");
    assert(/main\.c:8 is lines? \d/.test(await note(p).innerText()), `what is said: ${await note(p).innerText()}`);
    await sourceLine(p, "n * n").click();
    await isLit(p, "n * n");
    assertIncludes(await note(p).innerText(), "main.c:3 is", "what is said");
    assert((await p.page.locator("#editor .link-mark").count()) === 6, "the lines that have assembly are marked");
    await p.page.locator("#editor .link-mark").last().click();
    await isLit(p, "}");
    assertIncludes(await note(p).innerText(), "main.c:9 is", "what is said");
  });

  test("a key and Enter lead from a line to its assembly and back", async (p) => {
    await assemble(p);
    const focusIn = (selector) => p.page.evaluate((where) => document.activeElement.closest(where) !== null, selector);
    await p.editor.press("Control+Home");
    for (let i = 0; i < 7; i++) await p.page.keyboard.press("ArrowDown");
    await p.page.keyboard.press("Alt+Shift+A");
    assert(await focusIn(".step-result"), "the assembly has the focus");
    assertIncludes(await litAsm(p), "neg", "the assembly that is lit");
    await p.page.keyboard.press("Control+Home");
    await p.page.keyboard.press("ArrowDown");
    await isLit(p, "{");
    await p.page.keyboard.press("Enter");
    assert(await focusIn("#editor"), "the editor has the focus");
    assert((await p.text()) === SOURCE, "Enter changed nothing");
    assertIncludes(await p.page.locator("#editor .cm-activeLine").innerText(), "{", "the cursor's line");
    await p.page.keyboard.press("Alt+Shift+A");
    await p.page.keyboard.press("Alt+Shift+A");
    assert(await focusIn("#editor"), "the same key leads back");
  });

  test("lines stay linked while the text above them is edited", async (p) => {
    await assemble(p);
    await p.editor.press("Control+Home");
    await p.page.keyboard.type("/* new */\n\n");
    await sourceLine(p, "-n").hover();
    await isLit(p, "-n");
    assertIncludes(await litAsm(p), "neg", "the assembly that is lit");
    await asmLine(p, "imul").click();
    assertIncludes(await p.page.locator("#editor .cm-activeLine").innerText(), "n * n", "the cursor's line");
    await p.start();
    await p.page.locator("#editor .link-mark").nth(5).waitFor();
    await p.choose("#tools-button", "Run");
    await p.ended();
    assert((await p.page.locator("#editor .link-mark").count()) === 0, "nothing is linked after another run");
  });

  test("assembly of a second file leads there", async (p) => {
    await p.language("C");
    await p.write('#include "twice.h"\nint main(int c, char **v)\n{\n\t(void)v;\n\treturn twice(c);\n}\n');
    await p.page.locator("#file-add").click();
    await p.page.locator("#file-entry").fill("twice.h");
    await p.page.locator("#file-entry").press("Enter");
    await p.write("static int twice(int n)\n{\n\treturn n + n;\n}\n");
    await p.page.getByRole("tab", { name: "main.c" }).click();
    await p.choose("#tools-button", "Assembly");
    await p.ended();
    await asmLine(p, "addl\t%eax, %eax").click();
    await p.page.getByRole("tab", { name: "twice.h", selected: true }).waitFor();
    assertIncludes(await p.page.locator("#editor .cm-activeLine").innerText(), "n + n", "the cursor's line");
    await isLit(p, "n + n");
  });

  test("of Rust only the visitor's own lines are linked", async (p) => {
    await p.write('pub fn show(n: u8) {\n    println!("{n}");\n}\n\npub fn all(list: &[u8]) {\n    list.iter().for_each(|n| show(*n));\n}\n');
    await p.choose("#tools-button", "Assembly");
    assertIncludes(await p.ended(), "Assembly: done.", "the outcome");
    const marks = await p.page.locator("#editor .link-mark").count();
    assert(marks >= 4 && marks <= 6, `${marks} lines are linked`);
    await p.page.locator("#editor .cm-line", { hasText: "for_each" }).click();
    assertIncludes(await note(p).innerText(), "src/main.rs:6 is line", "what is said");
    await asm(p).locator(".cm-linked").first().waitFor();
  });

  test(
    "assembly and source are linked on a phone",
    async (p) => {
      await assemble(p);
      await asmLine(p, "negl").tap();
      await isLit(p, "-n");
      await comesIntoView(p, "#editor", "#program");
      await sourceLine(p, "n * n").tap();
      await isLit(p, "n * n");
      await comesIntoView(p, ".step-result .result-text", "#output");
      const overflow = await p.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert(overflow <= 0, `${overflow} pixels too wide`);
      await p.screenshot("linked-phone");
    },
    { options: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } },
  );

  test("HIR needs nightly, is greyed on stable and shown on nightly", async (p) => {
    const item = p.page.getByRole("menuitemradio", { name: /^HIR/ });
    await p.write("pub fn twice(n: u32) -> u32 {\n    n * 2\n}\n");
    await p.page.locator("#tools-button").click();
    assert((await item.getAttribute("aria-disabled")) === "true", "HIR is greyed on stable");
    assertIncludes(await item.innerText(), "HIR needs nightly", "the reason");
    await item.click({ force: true });
    assert(await p.page.locator("#tools-menu").isVisible(), "nothing was chosen");
    await p.screenshot("needs-nightly");
    await p.page.keyboard.press("Escape");
    await p.page.locator("#options-button").click();
    await p.page.getByRole("radio", { name: "nightly" }).check();
    await p.page.keyboard.press("Escape");
    await p.choose("#tools-button", "HIR");
    assertIncludes(await p.ended(), "HIR: done.", "the outcome");
    assertIncludes(await asm(p).innerText(), "fn twice(n: u32) -> u32", "HIR");
    await p.page.locator("#options-button").click();
    await p.page.getByRole("radio", { name: "stable" }).check();
    await p.page.keyboard.press("Escape");
    assert((await p.page.locator("#run-label").innerText()) === "Build", "on stable again the button does not offer it");
  });
}
