// Diagnostics in the editor: squiggles whose tooltip offers the compiler's fixes. The text may have been
// edited since the compiler saw it, so what a fix would change is followed through every edit.

import { isolateHistory } from "@codemirror/commands";
import { forEachDiagnostic, setDiagnostics } from "@codemirror/lint";
import type { Diagnostic as Mark } from "@codemirror/lint";
import { StateEffect, StateField } from "@codemirror/state";
import type { ChangeDesc, EditorState, Text, TransactionSpec } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import type { Diagnostic, Fix, Range } from "./types";

interface Change {
  from: number;
  to: number;
  insert: string;
}

interface PendingFix {
  message: string;
  changes: Change[];
}

/* A mark that knows its fixes, by their place in fixField. */
interface FixableMark extends Mark {
  fixes: number[];
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
      else if (effect.is(dropFix)) next = next.map((fix, i) => (i === effect.value ? { ...fix, changes: [] } : fix));
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

function pendingFix(doc: Text, fix: Fix): PendingFix {
  return {
    message: fix.message,
    changes: fix.edits.map((edit) => ({
      from: offsetOf(doc, edit.line, edit.column),
      to: offsetOf(doc, edit.end_line, edit.end_column),
      insert: edit.text,
    })),
  };
}

/** Applies a fix and takes its mark away; false when its text has been edited since. */
export function applyFix(view: EditorView, index: number): boolean {
  const changes = view.state.field(fixField)[index]?.changes ?? [];
  if (!changes.length) return false;
  view.dispatch({
    changes,
    effects: dropFix.of(index),
    annotations: isolateHistory.of("full"),
    userEvent: "input.fix",
    scrollIntoView: true,
  });
  const left: Mark[] = [];
  forEachDiagnostic(view.state, (mark, from, to) => {
    if (!(mark as FixableMark).fixes.includes(index)) left.push({ ...mark, from, to });
  });
  view.dispatch(setDiagnostics(view.state, left));
  return true;
}

/** The fixes of a file's diagnostics, in the order applyFix() counts them. */
export function fixesOf(diagnostics: readonly Diagnostic[], file: string): Fix[] {
  return diagnostics
    .filter((diagnostic) => diagnostic.file === file)
    .flatMap(({ fixes = [] }) => fixes.filter((fix) => fix.edits.every((edit) => edit.file === file)));
}

function markOf(state: EditorState, diagnostic: Diagnostic, firstFix: number, count: number): FixableMark {
  const fixes = Array.from({ length: count }, (_, i) => firstFix + i);
  const { severity, message, code } = diagnostic;
  return {
    ...visibleRange(state, diagnostic),
    severity: severity === "error" || severity === "warning" ? severity : "info",
    message,
    ...(code ? { source: code } : {}),
    fixes,
    actions: fixes.map((index) => ({ name: "Apply fix", apply: (view) => void applyFix(view, index) })),
  };
}

/** What to dispatch so that a file's marks and fixes are these. */
export function markSpec(state: EditorState, diagnostics: readonly Diagnostic[], file: string): TransactionSpec {
  const mine = diagnostics.filter((d) => d.file === file && d.line >= 1 && d.line <= state.doc.lines);
  const fixes: PendingFix[] = [];
  const marks = mine.map((diagnostic) => {
    const own = fixesOf([diagnostic], file);
    const mark = markOf(state, diagnostic, fixes.length, own.length);
    fixes.push(...own.map((fix) => pendingFix(state.doc, fix)));
    return mark;
  });
  marks.sort((a, b) => a.from - b.from);
  const spec = setDiagnostics(state, marks);
  const effects = Array.isArray(spec.effects) ? spec.effects : spec.effects ? [spec.effects] : [];
  return { effects: [...(effects as StateEffect<unknown>[]), setFixes.of(fixes)] };
}
