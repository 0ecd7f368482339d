// The compiler's words as data: squiggles as long as what is wrong, and fixes that a click makes.
import { assert, assertIncludes } from "./playground.mjs";
import { addFile } from "./files.mjs";
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

  test("a fix of several places is made whole, and taken back in one step", async (p) => {
    await p.write("fn main() {\n    let sum = (1 + 2);\n    println!(\"{sum}\");\n}\n");
    assertIncludes(await p.run(), "Finished", "the outcome");
    await p.page.locator(".fixes li", { hasText: "parentheses" }).getByRole("button").click();
    assert(/let sum = 1 \+ 2 ?;/.test(await p.text()), `both parentheses are gone: ${await p.text()}`);
    await p.editor.focus();
    await p.page.keyboard.press("Control+z");
    assertIncludes(await p.text(), "let sum = (1 + 2);", "both are back");
  });

  test("a fix in another file than the error is made there", async (p) => {
    await p.write("mod point;\n\nfn main() {\n    let p = point::Point { x: 1 };\n    println!(\"{p:?}\");\n}\n");
    await addFile(p, "src/point.rs", "pub struct Point {\n    pub x: u8,\n}\n");
    await p.page.getByRole("tab", { name: "src/main.rs" }).click();
    assert((await p.run()) === "It did not compile.", "the outcome");
    const fix = p.page.locator(".fixes li", { hasText: "derive(Debug)" });
    assertIncludes(await fix.innerText(), "src/point.rs:1", "where it is");
    await fix.getByRole("button").click();
    await p.page.getByRole("tab", { name: "src/point.rs", selected: true }).waitFor();
    assertIncludes(await p.text(), "#[derive(Debug)]\npub struct Point", "the text");
    assertIncludes(await p.run(), "Finished", "the outcome then");
  });

  test("a fix of several files is made in all or none of them, one step back in each", async (p) => {
    const place = (file, line, column, end) => ({ file, line, column, end_line: line, end_column: end });
    const edits = [
      { ...place("src/main.rs", 4, 27, 32), text: "welcome" },
      { ...place("src/greet.rs", 1, 8, 13), text: "welcome" },
    ];
    const told = {
      type: "diagnostic", severity: "warning", message: "another name", ...place("src/main.rs", 4, 27, 32),
      fixes: [{ message: "rename it", applicability: "MachineApplicable", edits }],
    };
    /* No compiler we have suggests changes across files yet: one is added to what it really says. */
    await p.page.route("**/api/v1/jobs/*/events", async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace("event: result", `event: diagnostic\ndata: ${JSON.stringify(told)}\n\n$&`);
      await route.fulfill({ response, body });
    });
    await p.write(programs.rustModuleMain);
    await addFile(p, "src/greet.rs", programs.rustModule);
    const tab = (name) => p.page.getByRole("tab", { name }).click();
    const fix = p.page.locator(".fixes li", { hasText: "rename it" });
    assertIncludes(await p.run(), "Finished", "the outcome");
    assertIncludes(await fix.innerText(), "2 places in src/main.rs, src/greet.rs", "where it is");
    await fix.getByRole("button").click();
    assertIncludes(await p.text(), "greet::welcome(", "the first file");
    await tab("src/greet.rs");
    assertIncludes(await p.text(), "pub fn welcome(", "the second file");
    assertIncludes(await p.run(), "Finished", "what it is then runs");
    await p.editor.press("Control+z");
    assertIncludes(await p.text(), "pub fn greet(", "one undo in the second file");
    await tab("src/main.rs");
    assertIncludes(await p.text(), "greet::welcome(", "the first is left alone by it");
    await p.editor.press("Control+z");
    assertIncludes(await p.text(), "greet::greet(", "one undo in the first file");
    assertIncludes(await p.run(), "Finished", "the outcome");
    await tab("src/greet.rs");
    await p.write(programs.rustModule.replace("fn greet", "fn hello"));
    await fix.getByRole("button").click();
    assertIncludes(await fix.innerText(), "Outdated", "the second file was edited there");
    await tab("src/main.rs");
    assertIncludes(await p.text(), "greet::greet(", "so the first is what it was");
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
