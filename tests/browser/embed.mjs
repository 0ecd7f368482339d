// Programs in other sites' pages: /embed, /embed.js, and mdBook's page script. The other sites are real ones on
// this machine; the server under test was started with --allow-origin http://localhost:47811.
import { createServer } from "node:http";
import { assert, assertIncludes } from "./playground.mjs";

const NAMED_PORT = 47811;

/* A site with one page; gives its address, and closes when the test is over. */
async function withSite(port, html, body) {
  const site = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(`<!DOCTYPE html><html lang="en"><head><link rel="icon" href="data:,"></head><body>${html}</body></html>`);
  });
  await new Promise((listening) => site.listen(port, "localhost", listening));
  try {
    await body(`http://localhost:${site.address().port}/`);
  } finally {
    site.closeAllConnections();
    site.close();
  }
}

const book = (server) => `
  <p>Prose.</p>
  <pre><code class="language-python">print("from " + "a block")
</code></pre>
  <pre><code class="language-text">not a program</code></pre>
  <script src="${server}embed.js"></script>`;

/* What mdBook's page script sends: what crates there are as soon as it is loaded, the program on a click. */
const mdBook = (server) => `
  <script src="${server}mdbook.js"></script>
  <script>
    const ask = (path, body) => fetch("https://play.rust-lang.org/" + path, {
      headers: { "Content-Type": "application/json" }, method: "POST", mode: "cors", body,
    }).then((response) => response.json());
    window.crates = ask("meta/crates").then((reply) => reply.crates.map((item) => item["id"]));
    window.evaluated = ask("evaluate.json", JSON.stringify({
      version: "stable", optimize: "0", code: 'fn main() { println!("a chapter"); }', edition: "2021",
    }));
  </script>`;

export function addEmbedTests(test) {
  test("code blocks of another site run", async (p) => {
    const server = p.page.url();
    await withSite(NAMED_PORT, book(server), async (site) => {
      await p.page.goto(site);
      assert((await p.page.locator(".sandlot-run").count()) === 1, "one block is a program");
      await p.page.locator(".sandlot-run").click();
      const frame = p.page.frameLocator("iframe");
      await frame.locator("#headline", { hasText: "Finished." }).waitFor({ timeout: 30000 });
      await frame.locator(".step-run .row.stdout .text", { hasText: /^from a block\s*$/ }).waitFor();
      const title = await p.page.locator("iframe").getAttribute("title");
      assertIncludes(title, "python", "the frame's name");
      const inner = await frame.locator("#panes").evaluate((node) => node.getBoundingClientRect().height);
      await p.page.waitForFunction(
        (height) => Math.abs(document.querySelector("iframe").clientHeight - height) < 2,
        Math.ceil(inner),
      );
      await p.screenshot("embedded");
    });
  });

  test(
    "a site that is not named cannot frame the page",
    async (p) => {
      const server = p.page.url();
      await withSite(0, `${book(server)}<iframe id="whole" src="${server}"></iframe>`, async (site) => {
        await p.page.goto(site);
        const refused = p.page.waitForEvent("console", { predicate: (m) => m.text().includes("frame-ancestors 'none'") });
        await p.page.reload();
        await refused;
        const alsoRefused = p.page.waitForEvent("console", {
          predicate: (m) => m.text().includes(`frame-ancestors http://localhost:${NAMED_PORT}`),
        });
        await p.page.locator(".sandlot-run").click();
        await alsoRefused;
      });
    },
    { expectedComplaint: /frame-ancestors/ },
  );

  test("mdBook's page script runs a book's programs", async (p) => {
    const server = p.page.url();
    await withSite(NAMED_PORT, mdBook(server), async (site) => {
      await p.page.goto(site);
      const crates = await p.page.evaluate(() => window.crates);
      assert(crates.includes("serde_json"), `the crates are ${crates}`);
      const { result } = await p.page.evaluate(() => window.evaluated);
      assert(result === "a chapter\n", `the result is ${result}`);
    });
  });

  test(
    "a site that is not named cannot call the API",
    async (p) => {
      const server = p.page.url();
      await withSite(0, mdBook(server), async (site) => {
        await p.page.goto(site);
        for (const promise of ["crates", "evaluated"]) {
          const outcome = await p.page.evaluate((name) => window[name].then(() => "read", () => "refused"), promise);
          assert(outcome === "refused", `${promise} was ${outcome}`);
        }
      });
    },
    { expectedComplaint: /CORS|Failed to fetch|ERR_FAILED|status of 403/ },
  );

  test("an embedded program leads to the page", async (p) => {
    const server = p.page.url();
    await p.page.goto(`${server}embed?language=python&theme=dark&code=${encodeURIComponent("print('whole')\n")}`);
    await p.page.locator("#run:enabled").waitFor();
    assert((await p.page.evaluate(() => document.documentElement.dataset.theme)) === "dark", "the theme");
    await p.editor.press("Control+Enter");
    assert((await p.ended()) === "Finished.", "the outcome");
    await p.page.goto(await p.page.locator("#whole-page").evaluate((link) => link.href));
    await p.page.locator('#version:has-text("Python")').waitFor();
    assertIncludes(await p.text(), "print('whole')", "the text in the page");
  });
}
