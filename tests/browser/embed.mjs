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

/* Blocks as generators make them: with lines hidden by style, wrong, and in a narrow column, side by side with a frame. */
const chapter = (server) => `
  <style>.boring { display: none } .column { width: 280px }</style>
  <pre><code class="language-rust,editable"><span class="boring">fn main() {
</span>println!("half {}", "hidden");
<span class="boring">}
</span></code></pre>
  <pre><code class="language-rust">fn main() { let n: i32 = "three"; }</code></pre>
  <div class="column"><pre><code class="lang-python">print("in a narrow column, a line that is longer than the column is wide")</code></pre></div>
  <iframe title="one" src="${server}embed?language=python&code=print(1%2B1)"></iframe>
  <iframe title="two" src="${server}embed?language=python&code=print(2%2B2)"></iframe>
  <script src="${server}embed.js" data-theme="dark"></script>`;

/* Runs the block after which the `index`th button stands, and gives its frame. */
async function openBlock(p, index, headline) {
  const button = p.page.locator(".sandlot-run").nth(index);
  const block = p.page.locator("pre").nth(index);
  const frame = block.locator("xpath=following-sibling::*[1]").contentFrame();
  await button.click();
  await frame.locator("#headline", { hasText: headline }).waitFor({ timeout: 30000 });
  return frame;
}

const printed = (frame) => frame.locator(".step-run .row.stdout .text").allTextContents().then((texts) => texts.join(""));

/* Asks for nothing that is documented, in every way a page around a frame can. */
const hostile = (server) => `
  <iframe title="victim" src="${server}embed?language=python&code=print(%22its%20own%22)"></iframe>
  <iframe title="beside" srcdoc="<p>beside</p>"></iframe>
  <script>
    window.heard = [];
    addEventListener("message", ({ data }) => window.heard.push(data));
    window.attack = () => {
      const victim = frames[0], beside = frames[1];
      const program = { type: "sandlot.program", code: "print('theirs')", run: true };
      const bad = [
        null, 0, "sandlot.program", [], {}, { type: "sandlot.program" }, { type: "sandlot.stop" },
        { ...program, type: "sandlot.run" }, { ...program, code: ["print(1)"] }, { ...program, code: { toString: "x" } },
        { ...program, language: ["python"] }, { ...program, language: null }, { ...program, options: "x" },
        { ...program, options: null }, { ...program, options: { crate_type: ["bin"] } }, { ...program, run: "yes" },
        { type: "sandlot.height", height: 1 }, { type: "sandlot.ready" },
      ];
      for (const message of bad) victim.postMessage(message, "*");
      beside.eval("parent.frames[0].postMessage(" + JSON.stringify({ ...program, language: "python" }) + ", '*')");
    };
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

  test("blocks of one page run apart, hidden lines included", async (p) => {
    const server = p.page.url();
    await withSite(NAMED_PORT, onePage(chapter(server)), async (site) => {
      await p.page.goto(site);
      assert((await p.page.locator(".sandlot-run").count()) === 3, "three blocks are programs");
      const last = await openBlock(p, 2, "Finished.");
      const wrong = await openBlock(p, 1, "It did not compile.");
      const first = await openBlock(p, 0, "Finished.");
      assert((await printed(first)) === "half hidden\n", "the first block's output");
      assertIncludes(await printed(last), "in a narrow column", "the last block's output");
      assertIncludes(await wrong.locator(".step-compile").innerText(), "E0308", "the compiler's words");
      await wrong.locator("#editor .cm-lintRange-error").first().waitFor();
      for (const frame of [first, wrong, last]) {
        const [theme, room] = await frame.locator("html").evaluate((html) => [html.dataset.theme, html.clientWidth - html.scrollWidth]);
        assert(theme === "dark", `the theme is ${theme}`);
        assert(room === 0, `it is ${-room} px too wide`);
      }
      await p.screenshot("embedded-blocks");
    });
  });

  test("two frames on one page are two programs", async (p) => {
    const server = p.page.url();
    await withSite(NAMED_PORT, onePage(chapter(server)), async (site) => {
      await p.page.goto(site);
      for (const [title, output] of [["one", "2\n"], ["two", "4\n"]]) {
        const frame = p.page.frameLocator(`iframe[title=${title}]`);
        await frame.locator("#run:enabled").click();
        await frame.locator("#headline", { hasText: "Finished." }).waitFor({ timeout: 30000 });
        assert((await printed(frame)) === output, `the output of ${title}`);
      }
    });
  });

  test("a page around a frame gets nothing from it but its height", async (p) => {
    const server = p.page.url();
    await withSite(NAMED_PORT, onePage(hostile(server)), async (site) => {
      await p.page.goto(site);
      const frame = p.page.frameLocator("iframe[title=victim]");
      await frame.locator("#run:enabled").waitFor();
      await p.page.evaluate(() => window.attack());
      await frame.locator("html").evaluate(() => new Promise((heard) => {
        addEventListener("message", ({ data }) => data === "last" && heard());
        parent.postMessage("send", "*");
        parent.frames[0].postMessage("last", "*");
      }));
      assert((await frame.locator("#headline").innerText()) === "Ready.", "something ran, or was said");
      assertIncludes(await frame.locator("#editor .cm-content").innerText(), "its own", "the frame's text");

      await p.page.evaluate(() => {
        const code = "import sys\nprint('<img src=x onerror=alert(1)>', file=sys.stderr)\n";
        const options = JSON.parse('{"__proto__": "x", "constructor": "y", "no_such": "z"}');
        frames[0].postMessage({ type: "sandlot.program", language: "python", code, run: true, options }, "*");
      });
      await frame.locator("#headline", { hasText: "Finished." }).waitFor({ timeout: 30000 });
      await frame.locator(".row.stderr .text", { hasText: "<img src=x onerror=alert(1)>" }).waitFor();
      const heard = await p.page.evaluate(() => window.heard.filter((data) => data !== "send"));
      const shapes = new Set(heard.map((data) => `${data.type} ${Object.keys(data).sort()} ${typeof data.height}`));
      assert(
        [...shapes].sort().join() === "sandlot.height height,type number,sandlot.ready type undefined",
        `the frame said ${[...shapes]}`,
      );
    });
  });
}
