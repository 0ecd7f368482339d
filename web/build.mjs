// Bundles the page into a folder: index.html, embed.html, assets/NAME-HASH.{js,css,svg}, the scripts for other
// sites embed.js and mdbook.js, licences.txt, and for each a .gz and a .br where that is smaller. Usage: node build.mjs OUTDIR, in a folder with src/ and node_modules/.
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
  build({ ...common, entryPoints: ["src/main.ts", "src/embed.ts"], format: "esm", splitting: true, plugins: [keepEmacsKeys] }),
  build({ ...common, entryPoints: ["src/boot.ts"], format: "iife" }),
  build({ ...common, entryPoints: ["src/style.css"] }),
]);

/* Other sites name these scripts: their addresses stay. */
const forOthers = { embed: "src/embed-blocks.ts", mdbook: "src/mdbook.ts" };
await build({ ...common, entryPoints: forOthers, format: "iife", outdir: out, entryNames: "[name]" });

/* src/main.ts → /assets/main-HASH.js, and what each entry needs at once, in the order it is needed in. */
const urls = new Map();
const preload = new Map();
const asset = (file) => `/assets/${basename(file)}`;

function needs(outputs, file, found = new Set()) {
  for (const { path, kind } of outputs[file].imports) {
    if (kind !== "import-statement" || found.has(path)) continue;
    needs(outputs, path, found);
    found.add(path);
  }
  return found;
}

for (const { metafile: { outputs } } of results) {
  for (const [file, { entryPoint }] of Object.entries(outputs)) {
    if (!entryPoint) continue;
    urls.set(entryPoint, asset(file));
    preload.set(entryPoint, [...needs(outputs, file)].map(asset));
  }
}

const icon = readFileSync("src/icon.svg");
const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8).toUpperCase()}.svg`;
writeFileSync(join(assets, iconName), icon);
urls.set("src/icon.svg", `/assets/${iconName}`);

function page(name, entry) {
  const links = preload.get(entry).map((url) => `    <link rel="modulepreload" href="${url}">\n`).join("");
  const html = readFileSync(`src/${name}`, "utf8")
    .replace(/^[ \t]*<!-- preload -->\n/m, links)
    .replace(/\{\{(.+?)\}\}/g, (_, source) => {
      const url = urls.get(source);
      if (!url) throw new Error(`${name} names ${source}, which is not built`);
      return url;
    });
  writeFileSync(join(out, name), html);
}

page("index.html", "src/main.ts");
page("embed.html", "src/embed.ts");

/* What the bundles contain of others', with the terms that want to be told along. */
function licences() {
  const files = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const packages = new Set(files.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]).filter(Boolean));
  const byText = new Map();
  for (const name of [...packages].sort()) {
    const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
    const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...byText].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`).join(`\n${"-".repeat(80)}\n\n`);
}

writeFileSync(join(out, "licences.txt"), `Sandlot's page contains:\n\n${licences()}`);

function compress(file) {
  if (![".html", ".js", ".css", ".svg", ".txt"].includes(extname(file))) return;
  const plain = readFileSync(file);
  const gzip = gzipSync(plain, { level: 9 });
  const brotli = brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
  if (gzip.length < plain.length) writeFileSync(`${file}.gz`, gzip);
  if (brotli.length < plain.length) writeFileSync(`${file}.br`, brotli);
}

for (const name of ["index.html", "embed.html", "embed.js", "mdbook.js", "licences.txt"]) compress(join(out, name));
for (const name of readdirSync(assets)) compress(join(assets, name));
