// The compiler's words as data: squiggles as long as what is wrong, and fixes that a click makes.
import { assert, assertIncludes } from "./playground.mjs";
import * as programs from "./programs.mjs";

export function addFixTests(test) {
  test("a fix the compiler suggests is made by a click, where its text is now", async (p) => {
    await p.write(programs.rustFixes);
    assertIncludes(await p.run(), "Finished", "the outcome");
    const fixes = p.page.locator(".fixes li");
    assert((await fixes.count()) === 2, "the fixes");
    await p.screenshot("fixes");
    await p.editor.press("Control+Home");
    await p.page.keyboard.type("// A line above what is mended.\n");
    await fixes.filter({ hasText: "_idle" }).getByRole("button").click();
    assertIncludes(await p.text(), 'let crab = "🦀"; let _idle = 1;', "the text, past characters that are two in UTF-16");
    assertIncludes(await fixes.filter({ hasText: "_idle" }).innerText(), "Done", "the button");
    assert((await p.page.locator("#editor .cm-lintRange-warning").count()) === 1, "its mark is gone, the other is not");
    await p.editor.focus();
    await p.page.keyboard.press("Control+z");
    assertIncludes(await p.text(), "// A line above what is mended.", "undo takes the fix alone back");
    assertIncludes(await p.text(), "let idle = 1;", "undo");
  });

  test("a fix whose text was edited since is not made", async (p) => {
    await p.write(programs.rustFixes);
    await p.run();
    const fix = p.page.locator(".fixes li", { hasText: "mut" }).getByRole("button");
    await p.write(programs.rustHello);
    await fix.click();
    assertIncludes(await fix.innerText(), "Outdated", "the button");
    assert((await p.text()) === programs.rustHello, "the text is what it was");
  });

  test("an error is underlined as far as it reaches, and its tooltip mends it", async (p) => {
    await p.write('fn main() {\n    println!("{}", "text".lenn());\n}\n');
    assert((await p.run()) === "It did not compile.", "the outcome");
    const marked = p.page.locator("#editor .cm-lintRange-error");
    assert((await marked.first().innerText()) === "lenn", "what is underlined");
    await marked.first().hover();
    await p.page.locator("#editor .cm-diagnosticAction", { hasText: "Apply fix" }).first().click();
    assertIncludes(await p.text(), '"text".len()', "the text");
    assertIncludes(await p.run(), "Finished", "the outcome then");
  });

  test("C's mistakes are marked too", async (p) => {
    await p.language("C");
    await p.write("#include <stdio.h>\n\nint main(void)\n{\n\tprint(\"n\");\n\tint naem = 1;\n\treturn name;\n}\n");
    assert((await p.run()) === "It did not compile.", "the outcome");
    await p.page.locator("#editor .cm-lintRange-error").first().waitFor();
    assert((await p.page.locator(".fixes li").count()) >= 1, "gcc suggests the name");
    await p.page.locator(".fixes li .button").first().click();
    assertIncludes(await p.text(), `printf("n")`, "the text");
  });
}
