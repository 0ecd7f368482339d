// What the editor highlights: by the manifest's `editor`, for every language the image has.
import { assert, assertIncludes } from "./playground.mjs";

/* A keyword, and a text in which it stands, "text" is in a string and note in a comment. */
const rows = {
  rust: ["fn", 'fn main() {\n    let _ = "text"; // note\n}\n'],
  c: ["return", 'const char *f(void)\n{\n\treturn "text"; /* note */\n}\n'],
  cpp: ["constexpr", 'constexpr auto word = "text"; // note\n'],
  python: ["def", 'def f():\n    return "text"  # note\n'],
  go: ["func", 'package main\n\nfunc main() {\n\tprintln("text") // note\n}\n'],
  javascript: ["const", 'const word = "text"; // note\n'],
  ruby: ["def", 'def f\n  "text" # note\nend\n'],
  perl: ["my", 'my $word = "text"; # note\n'],
  lua: ["local", 'local word = "text" -- note\n'],
  ocaml: ["let", 'let word = "text" (* note *)\n'],
  bash: ["for", 'for word in "text"; do :; done # note\n'],
  sql: ["SELECT", "SELECT 'text' AS word; -- note\n"],
  php: ["function", '<?php\nfunction f() {\n    return "text"; // note\n}\n'],
};

/* The token classes of the page's style sheet a word has in an editor: [keyword, string, …]. */
function classesOf(p, word, editor = "#editor") {
  return p.page.locator(`${editor} .cm-content`).evaluate((content, wanted) => {
    const probe = content.appendChild(document.createElement("i"));
    const colours = Object.fromEntries(
      ["keyword", "string", "comment", "number", "function"].map((name) => {
        probe.style.color = `var(--s-${name})`;
        return [getComputedStyle(probe).color, name];
      }),
    );
    probe.remove();
    const leaves = [...content.querySelectorAll(".cm-line span")].filter(({ children }) => !children.length);
    const found = leaves.filter(({ textContent }) => textContent.split(/\W+/).includes(wanted));
    return found.map((span) => colours[getComputedStyle(span).color] ?? "none");
  }, word);
}

async function expectTokens(p, language, keyword, text) {
  await p.language(language.name);
  await p.write(text);
  await p.page.locator("#editor .cm-line span", { hasText: new RegExp(`\\b${keyword}\\b`) }).first().waitFor();
  for (const [word, wanted] of [[keyword, "keyword"], ["text", "string"], ["note", "comment"]]) {
    const classes = await classesOf(p, word);
    assert(classes.join() === wanted, `in ${language.name} ${word} is ${classes.join() || "not coloured"}`);
  }
}

/* The page with another `editor` in what the server says of Python. */
async function withEditor(p, editor) {
  await p.page.route("**/api/v1/languages", async (route) => {
    const reply = await route.fetch();
    const said = await reply.json();
    for (const language of said.languages) if (language.id === "python") language.editor = editor;
    await route.fulfill({ response: reply, json: said });
  });
  await p.page.reload();
  await p.page.locator("#run:enabled").waitFor();
}

export function addSyntaxTests(test) {
  test("every language of the image is highlighted", async (p) => {
    const { languages } = await p.page.evaluate(() => fetch("/api/v1/languages").then((reply) => reply.json()));
    assert(languages.length > 0, "there are languages");
    for (const language of languages) {
      assert(rows[language.id], `there is no row for ${language.id}`);
      await expectTokens(p, language, ...rows[language.id]);
    }
  });

  test("the manifest says how a language is highlighted", async (p) => {
    await withEditor(p, "ruby");
    await expectTokens(p, { name: "Python" }, ...rows.ruby);
    await p.write("def f");
    await p.page.keyboard.press("Enter");
    await p.page.keyboard.type("1");
    assert((await p.text()) === "def f\n  1", "it indents as the language does");
  });

  test("a language whose syntax the page does not know is shown without", async (p) => {
    await withEditor(p, "constructor");
    await p.language("Python");
    await p.write(rows.python[1]);
    assert((await p.run()) === "Finished.", "it runs all the same");
    assert((await p.page.locator("#editor .cm-line span").count()) === 0, "something is coloured");
  });

  test("instructions and registers are highlighted", async (p) => {
    await p.write("pub fn twice(n: u32) -> u32 {\n    n.wrapping_mul(2)\n}\n");
    await p.choose("#tools-button", "Assembly");
    await p.ended();
    await p.page.locator(".step-result .cm-line span", { hasText: "retq" }).waitFor();
    for (const [word, wanted] of [["retq", "keyword"], ["eax", "function"]]) {
      const classes = new Set(await classesOf(p, word, ".step-result"));
      assert([...classes].join() === wanted, `${word} is ${[...classes]}`);
    }
  });

  test("the licences of what the page contains are there", async (p) => {
    await p.page.locator("#settings").click();
    const href = await p.page.getByRole("link", { name: /^Licences/ }).evaluate((link) => link.href);
    const text = await p.page.evaluate((url) => fetch(url).then((reply) => reply.text()), href);
    for (const part of ["@codemirror/view 6.", "@lezer/php 1.", "(MIT)", "Permission is hereby granted"])
      assertIncludes(text, part, "the list");
  });
}
