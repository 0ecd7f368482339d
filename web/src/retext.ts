// Another text in place of the editor's, as one edit that undo takes back, with cursor and scroll kept
// where the eye is. Formatters change white space above all: a place is found again by the characters
// before it that are not blank.

import { isolateHistory } from "@codemirror/commands";
import type { EditorState, TransactionSpec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

const isSolid = (text: string, at: number): boolean => text.charCodeAt(at) > 32;

/* The place in `text` that is between the same characters as `offset` is in `old`, blanks aside. */
function movedOffset(old: string, text: string, offset: number): number {
  let left = 0;
  for (let i = 0; i < offset; i++) if (isSolid(old, i)) left++;
  let at = 0;
  for (; left > 0 && at < text.length; at++) if (isSolid(text, at)) left--;
  /* Before a word it stays before the word, whatever blanks are now in front. */
  if (isSolid(old, offset)) while (at < text.length && !isSolid(text, at)) at++;
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
  const moved = (offset: number) => movedOffset(old, text, offset);
  const { anchor, head } = state.selection.main;
  return {
    changes: changedPart(old, text),
    selection: { anchor: moved(anchor), head: moved(head) },
    userEvent: "input.replace",
    annotations: isolateHistory.of("full"), /* else undo could take what was typed a moment ago along */
  };
}

/** Does it in a view, and keeps the same line at the top. */
export function retext(view: EditorView, text: string): void {
  const { scrollTop } = view.scrollDOM;
  const block = view.lineBlockAtHeight(scrollTop);
  const top = movedOffset(view.state.doc.toString(), text, block.from);
  view.dispatch(retextSpec(view.state, text));
  view.dispatch({ effects: EditorView.scrollIntoView(top, { y: "start", yMargin: block.top - scrollTop }) });
}
