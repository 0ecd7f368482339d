// Programs in other sites' pages: /embed and /embed.js. The other sites are real ones on this machine.
import { assert, assertIncludes } from "./playground.mjs";
import { NAMED_PORT, onePage, withSite } from "./site.mjs";

const book = (server) => `
  <p>Prose.</p>
  <pre><code class="language-python">print("from " + "a block")
</code></pre>
  <pre><code class="language-text">not a program</code></pre>
  <script src="${server}embed.js"></script>`;

/* A page that calls the API, one reply of which needs no preflight and one does. */
const caller = (server) => `
  <script>
    const ask = (path, init) => fetch("${server}" + path, init).then((response) => response.json());
    window.languages = ask("api/v1/languages");
    window.evaluated = ask("evaluate.json", {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ version: "stable", optimize: "0", code: 'fn main() { println!("called"); }' }),
    });
  </script>`;

export function addEmbedTests(test) {
  test("code blocks of another site run", async (p) => {
    const server = p.page.url();
    await withSite(NAMED_PORT, onePage(book(server)), async (site) => {
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
      await withSite(0, onePage(`${book(server)}<iframe id="whole" src="${server}"></iframe>`), async (site) => {
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

  test("a site that is named can call the API", async (p) => {
    const server = p.page.url();
    await withSite(NAMED_PORT, onePage(caller(server)), async (site) => {
      await p.page.goto(site);
      assert((await p.page.evaluate(() => window.languages)).languages.length > 0, "there are languages");
      const { result } = await p.page.evaluate(() => window.evaluated);
      assert(result === "called\n", `the result is ${result}`);
    });
  });

  test(
    "a site that is not named cannot call the API",
    async (p) => {
      const server = p.page.url();
      await withSite(0, onePage(caller(server)), async (site) => {
        await p.page.goto(site);
        for (const promise of ["languages", "evaluated"]) {
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
