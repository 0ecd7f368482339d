// Bundles the page into a folder: index.html, assets/NAME-HASH.{js,css,svg}, and for each a .gz and a .br
// where that is smaller. Usage: node build.mjs OUTDIR, in a folder with src/ and node_modules/.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const out = resolve(process.argv[2] ?? "dist");
const assets = join(out, "assets");

rmSync(out, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });

/* The package marks the calls that fill its table of keys as free of effects; the bundler would drop them. */
const keepEmacsKeys = {
  name: "keep-emacs-keys",
  setup({ onLoad }) {
    onLoad({ filter: /@replit\/codemirror-emacs\/dist\/index\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("/*@__PURE__*/EmacsHandler.", "EmacsHandler."),
      loader: "js",
    }));
  },
};

const common = {
  bundle: true,
  minify: true,
  sourcemap: false,
  legalComments: "none",
  charset: "utf8",
  target: ["es2021", "chrome93", "firefox101", "safari16.4"],
  outdir: assets,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  metafile: true,
  preserveSymlinks: true, /* else names in the output would depend on where the modules are */
  logLevel: "warning",
};

/* The stylesheet and the theme script stand apart: both must be there before the first paint. */
const results = await Promise.all([
  build({ ...common, entryPoints: ["src/main.ts"], format: "esm", splitting: true, plugins: [keepEmacsKeys] }),
  build({ ...common, entryPoints: ["src/boot.ts"], format: "iife" }),
  build({ ...common, entryPoints: ["src/style.css"] }),
]);

/* src/main.ts → /assets/main-HASH.js, and what it needs at once, for modulepreload. */
const urls = new Map();
const preload = new Set();
for (const { metafile } of results) {
  for (const [file, output] of Object.entries(metafile.outputs)) {
    if (!output.entryPoint) continue;
    urls.set(output.entryPoint, `/assets/${basename(file)}`);
    if (output.entryPoint !== "src/main.ts") continue;
    for (const { path, kind } of output.imports)
      if (kind === "import-statement") preload.add(`/assets/${basename(path)}`);
  }
}

const icon = readFileSync("src/icon.svg");
const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8).toUpperCase()}.svg`;
writeFileSync(join(assets, iconName), icon);
urls.set("src/icon.svg", `/assets/${iconName}`);

const html = readFileSync("src/index.html", "utf8")
  .replace(/^[ \t]*<!-- preload -->\n/m, [...preload].sort()
    .map((url) => `    <link rel="modulepreload" href="${url}">\n`).join(""))
  .replace(/\{\{(.+?)\}\}/g, (_, source) => {
    const url = urls.get(source);
    if (!url) throw new Error(`index.html names ${source}, which is not built`);
    return url;
  });
writeFileSync(join(out, "index.html"), html);

function compress(file) {
  if (![".html", ".js", ".css", ".svg"].includes(extname(file))) return;
  const plain = readFileSync(file);
  const gzip = gzipSync(plain, { level: 9 });
  const brotli = brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
  if (gzip.length < plain.length) writeFileSync(`${file}.gz`, gzip);
  if (brotli.length < plain.length) writeFileSync(`${file}.br`, brotli);
}

compress(join(out, "index.html"));
for (const name of readdirSync(assets)) compress(join(assets, name));
