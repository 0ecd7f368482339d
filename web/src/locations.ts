// Finds places in the visitor's own files in what compilers and programs print ("src/main.rs:3:5",
// 'File "main.py", line 3'), for links into the editor, and for marks in it where nothing better tells.

import type { Diagnostic } from "./types";

export interface Location {
  /** where in the text */
  from: number;
  to: number;
  file: string;
  line: number;
  column: number;
}

/** A word in a compiler's message that says how bad it is. */
export interface Verdict {
  from: number;
  to: number;
  severity: "error" | "warning";
}

const SCAN_LIMIT = 64 * 1024;
const DIAGNOSTICS_MAX = 100;

/* Any of the files, longest first, so that none hides behind the end of another. */
function filePattern(files: readonly string[]): string {
  const names = [...files]
    .sort((a, b) => b.length - a.length)
    .map((file) => file.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return `(?:/playground/|\\./)?(?<file>${names.join("|")})`;
}

/** A pattern to give findLocations(), made once per run. */
export function locationPattern(files: readonly string[]): RegExp {
  return new RegExp(
    `(?<![\\w./-])${filePattern(files)}(?::(?<line>\\d{1,7})(?::(?<column>\\d{1,7}))?|", line (?<pyline>\\d{1,7}))`,
    "g",
  );
}

export function findLocations(text: string, pattern: RegExp): Location[] {
  const found: Location[] = [];
  for (const match of text.matchAll(pattern)) {
    const { file = "", line, pyline, column } = match.groups ?? {};
    found.push({
      from: match.index,
      to: match.index + match[0].length,
      file,
      line: Number(line ?? pyline),
      column: Number(column ?? 1),
    });
  }
  return found;
}

/* "error[E0308]: …" at a line's start (rustc), "main.c:3:5: fatal error: …" (gcc, clang). */
const VERDICT = /^(?:error|warning)(?:\[\w{1,16}\])?(?=:)|(?<=^[^\s:]{1,100}:\d{1,7}:(?:\d{1,7}:)? )(?:fatal )?(?:error|warning)(?=:)/gm;

export function findVerdicts(text: string): Verdict[] {
  const found: Verdict[] = [];
  for (const match of text.matchAll(VERDICT)) {
    found.push({
      from: match.index,
      to: match.index + match[0].length,
      severity: match[0].startsWith("warning") ? "warning" : "error",
    });
  }
  return found;
}

/* How the tool chains we know write their messages; named groups say what is what. */
function diagnosticPatterns(files: readonly string[]): RegExp[] {
  const f = filePattern(files);
  return [
    /* rustc: "error[E0308]: mismatched types" and on the next line " --> src/main.rs:2:18" */
    new RegExp(
      `^(?<severity>error|warning)(?:\\[\\w+\\])?: (?<message>[^\\n]*)\\n *--> ${f}:(?<line>\\d+):(?<column>\\d+)`,
      "gm",
    ),
    /* gcc, clang: "main.c:3:5: error: …" */
    new RegExp(
      `^${f}:(?<line>\\d+):(?<column>\\d+): (?:fatal )?(?<severity>error|warning): (?<message>[^\\n]*)`,
      "gm",
    ),
    /* Rust panics, with the thread's number since 1.91: "thread 'main' (7) panicked at src/main.rs:2:5:" */
    new RegExp(
      `^thread '[^'\\n]*'(?: \\(\\d+\\))? panicked at ${f}:(?<line>\\d+):(?<column>\\d+):\\n(?<message>[^\\n]*)`,
      "gm",
    ),
    /* Python: the innermost frame, then the exception */
    new RegExp(
      `^ +File "${f}", line (?<line>\\d+)[^\\n]*\\n(?:    [^\\n]*\\n){0,3}(?<message>[A-Z]\\w*(?:Error|Exception|Interrupt|Warning|Exit)\\b[^\\n]*)`,
      "gm",
    ),
  ];
}

/** What the printed messages say; how far each place reaches they do not: an empty range. */
export function findDiagnostics(text: string, files: readonly string[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const head = text.slice(0, SCAN_LIMIT);
  for (const pattern of diagnosticPatterns(files)) {
    for (const { groups = {} } of head.matchAll(pattern)) {
      if (found.length === DIAGNOSTICS_MAX) return found;
      const line = Number(groups["line"]);
      const column = Number(groups["column"] ?? 1);
      found.push({
        severity: groups["severity"] === "warning" ? "warning" : "error",
        file: groups["file"] ?? "",
        line,
        column,
        end_line: line,
        end_column: column,
        message: groups["message"] ?? "",
      });
    }
  }
  return found;
}
