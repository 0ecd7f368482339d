// Diagnostics in the editor: squiggles whose tooltip offers the compiler's fixes. The text may have been
// edited since the compiler saw it, so what a fix would change is followed through every edit.

import { isolateHistory } from "@codemirror/commands";
import { forEachDiagnostic, setDiagnostics } from "@codemirror/lint";
import type { Diagnostic as Mark } from "@codemirror/lint";
import { StateEffect, StateField } from "@codemirror/state";
import type { ChangeDesc, EditorState, Text, TransactionSpec } from "@codemirror/state";
import type { Diagnostic, Fix, Range } from "./types";

interface Change {
  from: number;
  to: number;
  insert: string;
}

/* What a fix changes in one file. */
interface PendingFix {
  id: number;
  /** how many files it changes */
  files: number;
  changes: Change[];
}

/* A mark that knows the ids of its fixes. */
interface FixableMark extends Mark {
  fixes: number[];
}

/** A fix with what it was offered for; its id is its place among all. */
export interface OfferedFix {
  id: number;
  diagnostic: Diagnostic;
  fix: Fix;
}

const setFixes = StateEffect.define<PendingFix[]>();
const dropFix = StateEffect.define<number>();

function follow(fix: PendingFix, changes: ChangeDesc): PendingFix {
  const edited: { start: number; end: number }[] = [];
  changes.iterChangedRanges((start, end) => edited.push({ start, end }));
  if (fix.changes.some(({ from, to }) => edited.some(({ start, end }) => start < to && end > from)))
    return { ...fix, changes: [] };
  return {
    ...fix,
    changes: fix.changes.map(({ from, to, insert }) => ({
      from: changes.mapPos(from, from === to ? -1 : 1),
      to: changes.mapPos(to, -1),
      insert,
    })),
  };
}

/** The fixes that were offered, where their text is now; one whose text was edited is empty. */
export const fixField = StateField.define<PendingFix[]>({
  create: () => [],
  update(fixes, { effects, docChanged, changes }) {
    let next = docChanged ? fixes.map((fix) => follow(fix, changes)) : fixes;
    for (const effect of effects) {
      if (effect.is(setFixes)) next = effect.value;
      else if (effect.is(dropFix)) next = next.map((fix) => (fix.id === effect.value ? { ...fix, changes: [] } : fix));
    }
    return next;
  },
});

/** Where a line and column are; columns count Unicode scalar values. Never outside the text. */
export function offsetOf(doc: Text, line: number, column: number): number {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  let left = column - 1;
  let units = 0;
  while (left-- > 0 && units < at.length) units += at.text.codePointAt(units)! > 0xffff ? 2 : 1;
  return at.from + units;
}

/* An empty range becomes the word that starts there, or one character. */
function visibleRange(state: EditorState, range: Range): { from: number; to: number } {
  const from = offsetOf(state.doc, range.line, range.column);
  const to = offsetOf(state.doc, range.end_line, range.end_column);
  if (to > from) return { from, to };
  const word = state.wordAt(from);
  if (word && word.to > from) return { from, to: word.to };
  const line = state.doc.lineAt(from);
  return from < line.to ? { from, to: from + 1 } : { from: Math.max(from - 1, line.from), to: from };
}

/** All fixes the compiler suggests; each may change several places, in several files. */
export function fixesOf(diagnostics: readonly Diagnostic[]): OfferedFix[] {
  return diagnostics
    .flatMap((diagnostic) => (diagnostic.fixes ?? []).map((fix) => ({ diagnostic, fix })))
    .filter(({ fix }) => fix.edits.length)
    .map((offered, id) => ({ id, ...offered }));
}

export const filesOf = ({ edits }: Fix): string[] => [...new Set(edits.map(({ file }) => file))];

function pendingFix(doc: Text, { id, fix }: OfferedFix, file: string): PendingFix {
  const mine = fix.edits.filter((edit) => edit.file === file);
  return {
    id,
    files: filesOf(fix).length,
    changes: mine.map((edit) => ({
      from: offsetOf(doc, edit.line, edit.column),
      to: offsetOf(doc, edit.end_line, edit.end_column),
      insert: edit.text,
    })),
  };
}

const pendingOf = (state: EditorState, id: number): PendingFix | undefined =>
  state.field(fixField).find((fix) => fix.id === id);

/** The files a fix is to change, or [] when one of them is gone or was edited there since. */
export function filesToFix(states: ReadonlyMap<string, EditorState>, id: number): string[] {
  const parts = [...states].flatMap(([file, state]) => {
    const fix = pendingOf(state, id);
    return fix ? [{ file, fix }] : [];
  });
  const whole = parts.every(({ fix }) => fix.changes.length && fix.files === parts.length);
  return whole ? parts.map(({ file }) => file) : [];
}

/** Makes a fix's changes in one file, as one step of its history. */
export function fixSpec(state: EditorState, id: number): TransactionSpec {
  return {
    changes: pendingOf(state, id)?.changes ?? [],
    effects: dropFix.of(id),
    annotations: isolateHistory.of("full"),
    userEvent: "input.fix",
    scrollIntoView: true,
  };
}

/** Takes the marks away that this fix was offered for. */
export function unmarkSpec(state: EditorState, id: number): TransactionSpec {
  const left: Mark[] = [];
  forEachDiagnostic(state, (mark, from, to) => {
    if (!(mark as FixableMark).fixes.includes(id)) left.push({ ...mark, from, to });
  });
  return setDiagnostics(state, left);
}

function markOf(state: EditorState, diagnostic: Diagnostic, fixes: number[], apply: (id: number) => void): FixableMark {
  const { severity, message, code } = diagnostic;
  return {
    ...visibleRange(state, diagnostic),
    severity: severity === "error" || severity === "warning" ? severity : "info",
    message,
    ...(code ? { source: code } : {}),
    fixes,
    actions: fixes.map((id) => ({ name: "Apply fix", apply: () => apply(id) })),
  };
}

/** What to dispatch so that a file's marks and fixes are these; `apply` makes a fix. */
export function markSpec(
  state: EditorState,
  diagnostics: readonly Diagnostic[],
  file: string,
  apply: (id: number) => void,
): TransactionSpec {
  const offered = fixesOf(diagnostics);
  const mine = diagnostics.filter((d) => d.file === file && d.line >= 1 && d.line <= state.doc.lines);
  const marks = mine.map((diagnostic) => {
    const fixes = offered.filter((one) => one.diagnostic === diagnostic).map(({ id }) => id);
    return markOf(state, diagnostic, fixes, apply);
  });
  marks.sort((a, b) => a.from - b.from);
  const here = offered.filter(({ fix }) => filesOf(fix).includes(file));
  const spec = setDiagnostics(state, marks);
  const effects = Array.isArray(spec.effects) ? spec.effects : spec.effects ? [spec.effects] : [];
  return { effects: [...(effects as StateEffect<unknown>[]), setFixes.of(here.map((one) => pendingFix(state.doc, one, file)))] };
}
