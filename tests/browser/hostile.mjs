// Nothing of a program, its output, its names or its address is ever interpreted.
import { assert, assertIncludes } from "./playground.mjs";

const HTML = '<img src=x onerror="document.title=1"><script>document.title=2</script><style>*{display:none}</style>';

async function isUnharmed(p) {
  assertIncludes(await p.page.title(), "Sandlot", "the title");
  const foreign = await p.page.locator("main img, main script, main style").count();
  assert(foreign === 0, `${foreign} elements came out of text`);
}

export function addHostileTests(test) {
  test("a hostile address is only text", async (p) => {
    const base = p.page.url();
    await p.page.goto(`${base}?language=python&code=${encodeURIComponent(`print(${JSON.stringify(HTML)})`)}`);
    await p.page.locator("#editor .cm-line", { hasText: "onerror" }).waitFor();
    await p.run();
    assert((await p.shown("run", "stdout")).trim() === HTML, "stdout");
    await isUnharmed(p);
    await p.page.goto(`${base}?language=${encodeURIComponent(HTML)}`);
    await p.page.locator("#headline", { hasText: "This server has no language <img" }).waitFor();
    await isUnharmed(p);
    await p.page.locator("#programs-button").click();
    await p.page.locator(".menu-label", { hasText: "Recent" }).click();
    assertIncludes(await p.page.locator(".recent-item code").first().innerText(), "<img src=x", "the list of recent programs");
    await isUnharmed(p);
  });

  test("hostile names of files are only text", async (p) => {
    await p.page.evaluate((name) => {
      const files = [{ name: "main.py", text: "print(1)" }, { name, text: "" }];
      localStorage.setItem("sandlot.project.python", JSON.stringify({ files, file: "main.py" }));
      localStorage.setItem("sandlot.language", '"python"');
      addEventListener("pagehide", (event) => event.stopImmediatePropagation(), { capture: true });
    }, HTML);
    await p.page.reload();
    await p.page.locator('#version:has-text("Python")').waitFor();
    assertIncludes(await p.page.getByRole("tab").nth(1).innerText(), "<img src=x", "the tab");
    await p.page.getByRole("tab").nth(1).click();
    await isUnharmed(p);
  });

  test("colours and links of a terminal do not hide or lead anywhere", async (p) => {
    await p.language("Python");
    await p.run(String.raw`print("\x1b[8mhidden\x1b[0m \x1b[37;47mwhite on white\x1b[0m")
print("\x1b]8;;javascript:document.title=3\x1b\\click\x1b]8;;\x1b\\")
print("\u2066\u2067isolates\u2069 \u200bzero \ufeffwidth \u2028line")
print("\x9b31mC1\x85")
`);
    const shown = await p.shown("run", "stdout");
    for (const text of ["hidden", "white on white", "javascript:document.title=3", "⟨U+2066⟩", "⟨U+200B⟩", "⟨U+FEFF⟩", "⟨U+2028⟩"])
      assertIncludes(shown, text, "stdout");
    assert((await p.page.locator("#output a").count()) === 0, "a link was made");
    const opacity = await p.page.locator(".step-run .text").first().evaluate((node) =>
      [...node.querySelectorAll("*")].every((piece) => getComputedStyle(piece).visibility === "visible"));
    assert(opacity, "something is hidden");
    await isUnharmed(p);
  });
}
