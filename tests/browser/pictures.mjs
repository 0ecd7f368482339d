// What a program left in its folder: pictures below the output, the rest to download, and nothing of it is run.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { assert, assertIncludes } from "./playground.mjs";

const IMAGES = ".step-files img";

/* Writes files from the program, as {name: text or bytes}. */
function leave(files) {
  const texts = JSON.stringify(JSON.stringify(files));
  return `import json\nfor name, text in json.loads(${texts}).items():\n    open("out/" + name, "w").write(text)\n`;
}

const square = (colour, more = "") =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><style>rect { fill: ${colour} }</style><rect width="60" height="40"/>${more}</svg>`;

const pythonPng = `import struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\\0" + b"\\xff\\0\\0" * 30 for _ in range(20))
with open("out/red.png", "wb") as file:
    file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30, 20, 8, 2, 0, 0, 0))
               + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
`;

async function imagesLoaded(page, count) {
  await page.waitForFunction(
    ([selector, wanted]) => {
      const images = [...document.querySelectorAll(selector)];
      return images.length === wanted && images.every(({ complete, naturalWidth }) => complete && naturalWidth);
    },
    [IMAGES, count],
  );
}

/* The colour in the middle of an image of this server's, as a browser draws it. */
const middle = (image) =>
  image.evaluate((node) => {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    context.drawImage(node, 0, 0);
    return [...context.getImageData(10, 10, 1, 1).data.slice(0, 3)].join();
  });

/* A server that counts who asks it for anything but the page itself. */
async function withWitness(body) {
  const asked = [];
  let page = "";
  const site = createServer((request, response) => {
    if (request.url !== "/hostile.svg") asked.push(request.url);
    response.setHeader("Content-Type", request.url === "/hostile.svg" ? "image/svg+xml" : "text/plain");
    response.end(page);
  });
  await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${site.address().port}/`;
  page = hostile(address);
  try {
    await body({ address, page, asked });
  } finally {
    site.closeAllConnections();
    site.close();
  }
}

/* All that an SVG can try: to run, to load, to hold a page. */
const hostile = (to) => `<?xml version="1.0"?>
<?xml-stylesheet type="text/css" href="${to}sheet"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="60"
  onload="document.documentElement.setAttribute('data-ran', 'onload')">
<script>document.documentElement.setAttribute("data-ran", "script"); parent.ran = top.ran = true; fetch("${to}fetch")</script>
<style>@import url("${to}import"); rect { fill: url("${to}fill#a") blue; background: url("${to}background") }</style>
<rect width="90" height="60" fill="blue"/>
<image href="${to}image" width="9" height="9"/><image xlink:href="${to}xlink" width="9" height="9"/>
<use href="${to}use#a"/>
<foreignObject width="9" height="9"><body xmlns="http://www.w3.org/1999/xhtml">
<iframe src="${to}frame"/><img src="${to}img" onerror="document.documentElement.setAttribute('data-ran', 'img')"/>
<script>document.documentElement.setAttribute("data-ran", "foreign")</script></body></foreignObject></svg>`;

export function addPictureTests(test) {
  test("pictures are shown below the output, in order, and read out", async (p) => {
    await p.language("Python");
    assert((await p.run(`print("drawn")\n${pythonPng}${leave({ "plot 2.svg": square("lime"), "plot 10.svg": square("blue") })}`)) === "Finished.", "the outcome");
    await imagesLoaded(p.page, 3);
    const images = p.page.locator(IMAGES);
    assert((await images.evaluateAll((nodes) => nodes.map(({ alt }) => alt))).join() === "plot 2.svg, 1 KiB,plot 10.svg, 1 KiB,red.png, 1 KiB", "the names");
    for (const [at, colour] of ["0,255,0", "0,0,255", "255,0,0"].entries())
      assert((await middle(images.nth(at))) === colour, `picture ${at} is ${await middle(images.nth(at))}`);
    assert((await p.page.locator("#live").textContent()) === "Finished. 3 pictures", "what is read out");
    const below = await p.page.evaluate(() =>
      document.querySelector(".step-run").compareDocumentPosition(document.querySelector(".step-files")));
    assert(below === 4, "they follow the output"); /* DOCUMENT_POSITION_FOLLOWING */
    assert((await p.shown("run", "stdout")) === "drawn\n", "stdout");
    await p.screenshot("pictures");
    await p.run("print(1)\n");
    assert((await p.page.locator(".step-files").count()) === 0, "the next run has none");
    assert((await p.page.locator("#live").textContent()) === "Finished.", "what is read out then");
  });

  test("what a program left can be downloaded, by mouse and by key", async (p) => {
    await p.language("Python");
    const files = { "a.svg": square("lime"), "table.csv": "1,2\n", "page.html": "<script>document.title = 1</script>" };
    await p.run(leave(files));
    await imagesLoaded(p.page, 1);
    assertIncludes(await p.page.locator(".step-files .made-head").innerText(), "1 picture, 2 files", "the count");
    for (const [name, text] of Object.entries(files)) {
      const link = p.page.getByRole("link", { name: `Download ${name}` });
      const downloading = p.page.waitForEvent("download");
      if (name === "table.csv") await link.press("Enter");
      else await link.click();
      const download = await downloading;
      assert(download.suggestedFilename() === name, `it is called ${download.suggestedFilename()}`);
      assert((await readFile(await download.path(), "utf8")) === text, `${name} is another text`);
    }
    assertIncludes(await p.page.title(), "Sandlot", "the title");
  });

  test("what is no picture, or too much, says so", async (p) => {
    await p.language("Python");
    await p.run(`${leave({ "bad.png": "" })}open("out/bad.png", "wb").write(b"\\x89PNG\\r\\n\\x1a\\nnothing")\nopen("out/big", "w").truncate(1 << 21)\n`);
    await p.page.locator(".step-files", { hasText: "This picture cannot be shown." }).waitFor();
    assertIncludes(await p.page.locator(".step-files .note").last().innerText(), "1 more left out", "the note");
  });

  test("names of files are only text", async (p) => {
    await p.language("Python");
    const name = '<img src=x onerror="document.title=1">.svg';
    await p.run(leave({ [name]: square("lime"), "\u202egvs.exe": "x" }));
    await imagesLoaded(p.page, 1);
    assert((await p.page.locator(".step-files bdi").innerText()) === name, "the name");
    assertIncludes(await p.page.locator(".step-files .note").innerText(), "1 more left out", "a name that reads backwards");
    assertIncludes(await p.page.title(), "Sandlot", "the title");
  });

  test("a hostile SVG runs nothing and fetches nothing", async (p) => {
    await withWitness(async ({ address, page, asked }) => {
      await p.language("Python");
      await p.run(leave({ "hostile.svg": page, "good.svg": square("lime") }));
      await imagesLoaded(p.page, 2);
      assert((await middle(p.page.locator(IMAGES).first())) === "0,255,0", "the good one");
      const url = await p.page.locator(IMAGES).last().getAttribute("src");
      const ran = await p.page.evaluate(() => [window.ran, document.documentElement.dataset.ran].join(""));
      assert(ran === "", `it ran in <img>: ${ran}`);
      /* Opened by itself; what the browser then blocks it tells on that page's console. */
      const other = await p.page.context().newPage();
      await other.goto(new URL(url, p.page.url()).href, { waitUntil: "load" });
      const root = other.locator("svg").first();
      assert((await root.getAttribute("data-ran")) === null, "it ran when it was opened");
      assert((await other.evaluate(() => window.origin)) === "null", "it has an origin of its own");
      assert(asked.length === 0, `it fetched ${asked}`);
      /* The same from a server that lets it: everything happens, so the above is no accident. */
      await other.goto(`${address}hostile.svg`, { waitUntil: "load" });
      await other.locator("svg[data-ran]").waitFor({ state: "attached" });
      for (const part of ["/fetch", "/image", "/frame", "/img"])
        assert(asked.includes(part), `the attack is none: ${part} is not among ${asked}`);
    });
  });

  for (const scheme of ["light", "dark"]) {
    test(
      `pictures on 360 pixels, ${scheme}`,
      async (p) => {
        await p.page.goto(`${p.page.url()}?language=python&code=${encodeURIComponent(leave({
          "wide.svg": square("lime").replace('width="60"', 'width="6000"'),
          [`${"long".repeat(20)}.csv`]: "1",
        }))}`);
        await p.run();
        await imagesLoaded(p.page, 1);
        const image = p.page.locator(IMAGES);
        const overflow = await p.page.evaluate(() => {
          const output = document.getElementById("output");
          return [document.documentElement.scrollWidth - innerWidth, output.scrollWidth - output.clientWidth];
        });
        assert(overflow.every((pixels) => pixels <= 0), `${overflow} pixels too wide`);
        const paper = () => image.evaluate((node) => getComputedStyle(node).backgroundColor);
        assert((await paper()) === "rgb(255, 255, 255)", `the paper is ${await paper()}`);
        const button = p.page.getByRole("button", { name: "On black" });
        await button.press("Enter");
        assert((await button.getAttribute("aria-pressed")) === "true", "the button is pressed");
        assert((await paper()) === "rgb(0, 0, 0)", `the paper is ${await paper()}`);
        await p.screenshot(`pictures-phone-${scheme}`);
      },
      { options: { viewport: { width: 360, height: 740 }, colorScheme: scheme, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } },
    );
  }

  test("pictures are shown in a frame, too", async (p) => {
    const { page } = p;
    await page.goto(new URL(`/embed?language=python&code=${encodeURIComponent(leave({ "a.svg": square("lime") }))}`, page.url()).href);
    await page.locator("#run:enabled").click();
    await imagesLoaded(page, 1);
    assert((await page.locator("#live").textContent()) === "Finished. 1 picture", "what is read out");
  });

  test("the examples that draw do", async (p) => {
    for (const language of ["Rust", "Python"]) {
      await p.language(language);
      await p.choose("#programs-button", "A picture");
      assert((await p.run()) === "Finished.", language);
      await imagesLoaded(p.page, 1);
      await p.screenshot(`picture-${language}`);
    }
  });
}
