// Syntax support by the manifest's `editor` name, or an action's `syntax`, loaded when first needed. A name
// not known here gets a plain text editor: the server may know languages the page does not.

import { StreamLanguage, indentUnit } from "@codemirror/language";
import type { StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

type Loader = () => Promise<Extension>;

const stream = (parser: StreamParser<unknown>): Extension => StreamLanguage.define(parser);
const clike = () => import("@codemirror/legacy-modes/mode/clike");
const cpp: Loader = async () => (await import("@codemirror/lang-cpp")).cpp();
const rust: Loader = async () => (await import("@codemirror/lang-rust")).rust();
const script = () => import("@codemirror/lang-javascript");
const shell: Loader = async () => stream((await import("@codemirror/legacy-modes/mode/shell")).shell);

const loaders: Record<string, Loader> = {
  rust,
  cpp,
  c: cpp,
  python: async () => (await import("@codemirror/lang-python")).python(),
  asm: async () => {
    const { gas } = await import("@codemirror/legacy-modes/mode/gas");
    /* It knows registers, but not instructions: these stand first in their lines. */
    const token: typeof gas.token = (text, state) => {
      const name = gas.token(text, state) ?? null;
      const isFirst = !text.string.slice(0, text.start).trim();
      if (!name && isFirst && /^[a-z]\w*$/i.test(text.current())) return "keyword";
      return name?.startsWith("variable") ? "builtin" : name;
    };
    return stream({ ...gas, token });
  },
  wat: async () => stream((await import("@codemirror/legacy-modes/mode/wast")).wast),
  javascript: async () => (await script()).javascript(),
  typescript: async () => (await script()).javascript({ typescript: true }),
  java: async () => stream((await clike()).java),
  kotlin: async () => stream((await clike()).kotlin),
  csharp: async () => stream((await clike()).csharp),
  scala: async () => stream((await clike()).scala),
  dart: async () => stream((await clike()).dart),
  go: async () => (await import("@codemirror/lang-go")).go(),
  php: async () => (await import("@codemirror/lang-php")).php(),
  ruby: async () => stream((await import("@codemirror/legacy-modes/mode/ruby")).ruby),
  perl: async () => {
    const { perl } = await import("@codemirror/legacy-modes/mode/perl");
    /* It calls `my` and `our` by the name for what they declare. */
    const token: typeof perl.token = (text, state) => perl.token(text, state)?.replace(/^def$/, "keyword") ?? null;
    return stream({ ...perl, token });
  },
  lua: async () => stream((await import("@codemirror/legacy-modes/mode/lua")).lua),
  haskell: async () => stream((await import("@codemirror/legacy-modes/mode/haskell")).haskell),
  ocaml: async () => stream((await import("@codemirror/legacy-modes/mode/mllike")).oCaml),
  fsharp: async () => stream((await import("@codemirror/legacy-modes/mode/mllike")).fSharp),
  erlang: async () => stream((await import("@codemirror/legacy-modes/mode/erlang")).erlang),
  scheme: async () => stream((await import("@codemirror/legacy-modes/mode/scheme")).scheme),
  lisp: async () => stream((await import("@codemirror/legacy-modes/mode/commonlisp")).commonLisp),
  fortran: async () => stream((await import("@codemirror/legacy-modes/mode/fortran")).fortran),
  pascal: async () => stream((await import("@codemirror/legacy-modes/mode/pascal")).pascal),
  d: async () => stream((await import("@codemirror/legacy-modes/mode/d")).d),
  r: async () => stream((await import("@codemirror/legacy-modes/mode/r")).r),
  julia: async () => stream((await import("@codemirror/legacy-modes/mode/julia")).julia),
  tcl: async () => stream((await import("@codemirror/legacy-modes/mode/tcl")).tcl),
  sql: async () => {
    const { SQLite, sql } = await import("@codemirror/lang-sql");
    return sql({ dialect: SQLite, upperCaseKeywords: true });
  },
  shell,
  sh: shell,
  bash: shell,
};

/* What one step of indentation is where it is not four spaces. */
const units: Record<string, string> = { go: "\t" };
for (const name of ["javascript", "typescript", "ruby", "lua", "ocaml", "sql", "scala", "dart", "haskell", "r"]) units[name] = "  ";

export async function loadSyntax(name: string): Promise<Extension> {
  const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  const unit = indentUnit.of((Object.hasOwn(units, name) && units[name]) || "    ");
  if (!loader) return unit;
  try {
    return [await loader(), unit];
  } catch {
    /* The server is away: the text can be edited all the same. */
    return unit;
  }
}
