// A book made with mdBook whose programs run on the server under test: mdBook's own templates and page script,
// unchanged (MDBOOK names the folder), configured as docs/embedding.md says, on another site.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { assert, assertIncludes } from "./playground.mjs";
import { NAMED_PORT, withSite } from "./site.mjs";

const front = process.env.MDBOOK;
const read = (path) => readFileSync(join(front, path));

/* Where mdBook puts its files in a book; what is not here keeps its place. */
const places = {
  "book.js": "js/book.js",
  "highlight.js": "js/highlight.js",
  "clipboard.min.js": "js/clipboard.min.js",
  "highlight.css": "css/highlight.css",
  "tomorrow-night.css": "css/tomorrow-night.css",
  "ayu-highlight.css": "css/ayu-highlight.css",
  "favicon.svg": "images/favicon.svg",
};
const types = { css: "text/css", js: "text/javascript", svg: "image/svg+xml", woff2: "font/woff2" };

/* The second block's `# use` lines are hidden, the third wants a crate no image has, the fourth names no edition. */
const chapter = `
  <h1 id="chapter"><a class="header" href="#chapter">A chapter</a></h1>
  <pre class="playground"><code class="language-rust edition2024">fn main() {
    println!("six by nine: {}", 6 * 9);
}</code></pre>
  <pre class="playground"><code class="language-rust edition2021"><span class="boring">use serde_json::json;
</span><span class="boring">fn main() {
</span>println!("{}", json!({"hidden": true}));
<span class="boring">}</span></code></pre>
  <pre class="playground"><code class="language-rust edition2021">extern crate nobody_has_this;
fn main() {}</code></pre>
  <pre class="playground"><code class="language-rust">fn main() {
    let async = 1;
    println!("{}", async + missing);
}</code></pre>
  <pre class="playground"><code class="language-rust edition2021 no_run">fn main() { loop {} }</code></pre>`;

/* A page as mdBook renders it; head is the text of the book's theme/head.hbs. */
function renderPage(head) {
  const books = Handlebars.create();
  books.registerPartial({ head, header: read("templates/header.hbs").toString() });
  books.registerHelper({
    resource: (name) => name,
    fa: (_, name) => new Handlebars.SafeString(`<span class="fa-svg">${Handlebars.escapeExpression(name)}</span>`),
  });
  return books.compile(read("templates/index.hbs").toString())({
    language: "en",
    text_direction: "ltr",
    default_theme: "light",
    preferred_dark_theme: "navy",
    title: "A chapter",
    book_title: "A book",
    favicon_svg: "favicon.svg",
    path_to_root: "",
    content: chapter,
    playground_copyable: true,
  });
}

function book(head) {
  const page = renderPage(head);
  return (path) => {
    const name = path.slice(1);
    if (name === "") return ["text/html; charset=utf-8", page];
    if (name === "toc.js") return ["text/javascript", ""]; // the table of contents, of which there is none
    if (name === "fonts/fonts.css") return ["text/css", ""]; // they are as large as all else
    return [types[name.split(".").pop()], read(places[name] ?? name)];
  };
}

const configured = (server) => `<script src="${server}mdbook.js"></script>\n`;
const block = (p, index) => p.page.locator("pre.playground").nth(index);

async function runBlock(p, index) {
  await block(p, index).hover();
  await block(p, index).locator(".play-button").click();
  const result = block(p, index).locator(".result:not(:text-is('Running...'))");
  await result.waitFor({ timeout: 30000 });
  return (await result.innerText()).trimEnd();
}

/* What the page asks of anybody but the book's own site: path, method, body. */
function watchRequests(p, site, server) {
  const asked = [];
  p.page.on("request", (request) => {
    const url = request.url();
    if (url.startsWith(site)) return;
    const body = request.postData();
    asked.push([url.replace(server, "/"), request.method(), body === null ? null : JSON.parse(body)]);
  });
  return asked;
}

async function readBook(p, port, head, test) {
  const server = p.page.url();
  await withSite(port, book(head(server)), async (site) => {
    const asked = watchRequests(p, site, server);
    await p.page.goto(site);
    await test(asked);
  });
}

export function addMdbookTests(test) {
  test("mdBook's page script runs a book's programs", (p) =>
    readBook(p, NAMED_PORT, configured, async (asked) => {
      await block(p, 0).locator(".play-button:not([hidden])").waitFor({ state: "attached" });
      assert((await runBlock(p, 0)) === "six by nine: 54", "the first block's result");
      assert((await runBlock(p, 1)) === '{"hidden":true}', "the result of what is half hidden");
      await p.screenshot("mdbook");
      const said = await runBlock(p, 3);
      assertIncludes(said, "E0425", "a block that does not compile"); // and `async` is a name in 2015
      assert(!said.includes("expected identifier"), `the edition is not 2015: ${said}`);

      const evaluations = asked.filter(([path]) => path === "/evaluate.json").map(([, , body]) => body);
      assert(
        JSON.stringify(evaluations.map(({ version, optimize, edition }) => [version, optimize, edition])) ===
          JSON.stringify([["stable", "0", "2024"], ["stable", "0", "2021"], ["stable", "0", "2015"]]),
        `it asked for ${JSON.stringify(evaluations)}`,
      );
      const texts = await p.page.locator("pre.playground > code:first-of-type").evaluateAll((all) => all.map((code) => code.textContent));
      assert(evaluations[1].code === texts[1] && texts[1].startsWith("use serde_json"), "hidden lines are sent");
      assert(
        JSON.stringify(asked.filter(([path]) => path !== "/evaluate.json")) ===
          JSON.stringify([["/mdbook.js", "GET", null], ["/meta/crates", "POST", null]]),
        `besides it asked for ${JSON.stringify(asked)}`,
      );
    }));

  test("mdBook's page script offers what the image has", (p) =>
    readBook(p, NAMED_PORT, configured, async () => {
      await block(p, 0).locator(".play-button:not([hidden])").waitFor({ state: "attached" });
      const offered = await p.page.locator("pre.playground").evaluateAll((all) =>
        all.map((pre) => {
          const button = pre.querySelector(".play-button");
          return !button.hidden && !button.classList.contains("hidden");
        }),
      );
      assert(JSON.stringify(offered) === "[true,true,false,true,false]", `offered are ${offered}`);
    }));

  test(
    "a book of a site that is not named runs nothing here",
    (p) =>
      readBook(p, 0, configured, async (asked) => {
        const refused = (path) => p.page.waitForEvent("requestfailed", (request) => request.url().endsWith(path));
        const crates = refused("/meta/crates");
        await p.page.reload();
        await crates;
        assert((await p.page.locator(".play-button:not([hidden])").count()) === 0, "a program is offered");
        assert(asked.every(([path]) => path !== "/evaluate.json"), "something ran");
      }),
    { expectedComplaint: /CORS|Failed to fetch|ERR_FAILED|status of 403/ },
  );
}
