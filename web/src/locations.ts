// Finds places in the visitor's own files in what compilers and programs print ("src/main.rs:3:5",
// 'File "main.py", line 3'), for links into the editor and for marks in it.

export interface Location {
  /** where in the text */
  from: number;
  to: number;
  line: number;
  column: number;
}

/** A word in a compiler's message that says how bad it is. */
export interface Verdict {
  from: number;
  to: number;
  severity: "error" | "warning";
}

export interface Diagnostic {
  severity: "error" | "warning";
  line: number;
  column: number;
  message: string;
}

const SCAN_LIMIT = 64 * 1024;
const DIAGNOSTICS_MAX = 100;

function filePattern(file: string): string {
  return `(?:/playground/|\\./)?${file.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`;
}

/** A pattern to give findLocations(), made once per run. */
export function locationPattern(file: string): RegExp {
  return new RegExp(
    `(?<![\\w./-])${filePattern(file)}(?::(\\d{1,7})(?::(\\d{1,7}))?|", line (\\d{1,7}))`,
    "g",
  );
}

export function findLocations(text: string, pattern: RegExp): Location[] {
  const found: Location[] = [];
  for (const match of text.matchAll(pattern)) {
    found.push({
      from: match.index,
      to: match.index + match[0].length,
      line: Number(match[1] ?? match[3]),
      column: Number(match[2] ?? 1),
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
function diagnosticPatterns(file: string): RegExp[] {
  const f = filePattern(file);
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

export function findDiagnostics(text: string, file: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  const head = text.slice(0, SCAN_LIMIT);
  for (const pattern of diagnosticPatterns(file)) {
    for (const { groups } of head.matchAll(pattern)) {
      if (found.length === DIAGNOSTICS_MAX) return found;
      found.push({
        severity: groups?.["severity"] === "warning" ? "warning" : "error",
        line: Number(groups?.["line"]),
        column: Number(groups?.["column"] ?? 1),
        message: groups?.["message"] ?? "",
      });
    }
  }
  return found;
}
