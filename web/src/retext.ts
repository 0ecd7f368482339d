// Another text in place of the editor's, as one edit that undo takes back, with cursor and scroll kept
// where the eye is. Formatters change white space above all: a place is found again by the characters
// before it that are not blank.

import type { EditorState, TransactionSpec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

function solidBefore(text: string, offset: number): number {
  let count = 0;
  for (let i = 0; i < offset; i++) if (text.charCodeAt(i) > 32) count++;
  return count;
}

function offsetAfter(text: string, solid: number): number {
  let at = 0;
  for (; solid > 0 && at < text.length; at++) if (text.charCodeAt(at) > 32) solid--;
  return at;
}

/** What changes between two texts: the part between their common start and end. */
export function changedPart(old: string, text: string): { from: number; to: number; insert: string } {
  const least = Math.min(old.length, text.length);
  let start = 0;
  while (start < least && old.charCodeAt(start) === text.charCodeAt(start)) start++;
  let end = 0;
  while (end < least - start && old.charCodeAt(old.length - 1 - end) === text.charCodeAt(text.length - 1 - end)) end++;
  return { from: start, to: old.length - end, insert: text.slice(start, text.length - end) };
}

/** The transaction that makes the state's text this one. */
export function retextSpec(state: EditorState, text: string): TransactionSpec {
  const old = state.doc.toString();
  const moved = (offset: number) => offsetAfter(text, solidBefore(old, offset));
  const { anchor, head } = state.selection.main;
  return {
    changes: changedPart(old, text),
    selection: { anchor: moved(anchor), head: moved(head) },
    userEvent: "input.replace",
  };
}

/** Does it in a view, and keeps the same line at the top. */
export function retext(view: EditorView, text: string): void {
  const { scrollTop } = view.scrollDOM;
  const block = view.lineBlockAtHeight(scrollTop);
  const top = offsetAfter(text, solidBefore(view.state.doc.toString(), block.from));
  view.dispatch(retextSpec(view.state, text));
  view.dispatch({ effects: EditorView.scrollIntoView(top, { y: "start", yMargin: block.top - scrollTop }) });
}
