// Lines of two texts that belong together, as CodeMirror shows them: lit while one of them is pointed at,
// and in the source a mark beside each that leads to the other text.

import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import type { EditorState, Extension, Range, Text } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, gutter } from "@codemirror/view";
import type { DecorationSet } from "@codemirror/view";
import { el } from "./dom";

export interface LineEvents {
  /** The pointer is over this line; null: over none any more. */
  point(line: number | null): void;
  /** The cursor is on this line now. */
  visit(line: number): void;
  /** This line was clicked, and nothing is selected. */
  click(line: number): void;
}

const light = StateEffect.define<readonly number[]>();

const litLine = Decoration.line({ class: "cm-linked" });

function litLines(doc: Text, lines: readonly number[]): DecorationSet {
  return Decoration.set(
    lines.filter((line) => line >= 1 && line <= doc.lines).map((line) => litLine.range(doc.line(line).from)),
    true,
  );
}

const litField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lit, { effects, changes, state }) {
    for (const effect of effects) if (effect.is(light)) return litLines(state.doc, effect.value);
    return lit.map(changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The effect that lights these lines, in order, and no others. */
export const lightLines = (lines: readonly number[]) => light.of(lines);

/** Lighting, and telling where pointer and cursor are. */
export function linkedLines(events: LineEvents): Extension {
  const lineUnder = (event: MouseEvent, view: EditorView): number =>
    view.state.doc.lineAt(view.lineBlockAtHeight(event.clientY - view.documentTop).from).number;
  return [
    litField,
    EditorView.domEventHandlers({
      mousemove: (event, view) => events.point(lineUnder(event, view)),
      mouseleave: () => events.point(null),
      click: (event, view) => {
        if (view.state.selection.main.empty) events.click(lineUnder(event, view));
      },
    }),
    EditorView.updateListener.of(({ selectionSet, state }) => {
      if (selectionSet) events.visit(state.doc.lineAt(state.selection.main.head).number);
    }),
  ];
}

/* Stands at the start of a source line, and stays with it while the text is edited. */
class LinkMark extends GutterMarker {
  constructor(readonly line: number) {
    super();
  }

  override eq(other: LinkMark): boolean {
    return other.line === this.line;
  }

  override toDOM(): Node {
    return el("span", { class: "link-mark", title: "To the assembly of this line" });
  }
}

const setMarks = StateEffect.define<RangeSet<LinkMark>>();

const markField = StateField.define<RangeSet<LinkMark>>({
  create: () => RangeSet.empty,
  update(marks, { effects, changes }) {
    for (const effect of effects) if (effect.is(setMarks)) return effect.value;
    return marks.map(changes);
  },
});

/** The effect that marks these lines of a source and no others. */
export function markLines(doc: Text, lines: readonly number[]): StateEffect<unknown> {
  const inText = lines.filter((line) => line >= 1 && line <= doc.lines);
  const marks = inText.map((line): Range<LinkMark> => new LinkMark(line).range(doc.line(line).from));
  return setMarks.of(RangeSet.of(marks, true));
}

/** Which line this was when the marks were made, or null: it has none. */
export function markedLine(state: EditorState, line: number): number | null {
  if (line < 1 || line > state.doc.lines) return null;
  const { from, to } = state.doc.line(line);
  let marked: number | null = null;
  state.field(markField).between(from, to, (_from, _to, mark) => {
    marked = mark.line;
    return false;
  });
  return marked;
}

/** Which line that one is now, or null: it is gone. */
export function lineNow(state: EditorState, marked: number): number | null {
  for (let at = state.field(markField).iter(); at.value; at.next())
    if (at.value.line === marked) return state.doc.lineAt(at.from).number;
  return null;
}

/** Marks in a gutter of their own; one that is clicked is told. */
export function markGutter(onClick: (line: number) => void): Extension {
  return [
    markField,
    gutter({
      class: "cm-link-gutter",
      markers: (view) => view.state.field(markField),
      domEventHandlers: {
        click: (view, block) => {
          const marked = markedLine(view.state, view.state.doc.lineAt(block.from).number);
          if (marked !== null) onClick(marked);
          return marked !== null;
        },
      },
    }),
  ];
}
