// Takes in what an action made: a text is shown below the output, changed files go into the editor.

import type { AsmLinks } from "./asm-links";
import type { Editor } from "./editor";
import type { OutputView } from "./output";
import { resultView } from "./result-view";
import type { TextLinks } from "./result-view";
import type { Action, JobResult, SourceFile } from "./types";

function takeFiles(editor: Editor, result: JobResult, sent: readonly SourceFile[]): string {
  if (!result.files || result.exit_code !== 0) return "";
  const now = new Map(editor.files.map(({ name, text }) => [name, text]));
  let changed = 0;
  for (const file of result.files) {
    if (!("content" in file)) continue;
    const { name, content } = file;
    const before = sent.find((file) => file.name === name)?.text;
    if (before === undefined || before === content) continue;
    if (now.get(name) !== before) return "You have edited the text meanwhile, so it was left as it is.";
    editor.replace(name, content);
    changed++;
  }
  return changed ? "The text was changed. Undo takes it back." : "There was nothing to change.";
}

function textLinks(links: AsmLinks | null, { lines }: JobResult, sent: readonly SourceFile[]): TextLinks | null {
  if (!links || !lines) return null;
  return { extension: links.assemblyExtension, note: links.note, open: (view) => links.open(view, lines, sent) };
}

const NOTHING_MADE =
  "There is nothing to show: compilers leave out functions that nothing calls, and make small and generic ones where they are called.";

/** For the runner: a sentence to show at the end, or "". */
export function resultTaker(editor: Editor, output: OutputView, links: AsmLinks | null) {
  return (action: Action, result: JobResult, sent: readonly SourceFile[]): string => {
    if (action.result === "files") return takeFiles(editor, result, sent);
    if (action.result === "text" && result.text)
      output.add(resultView(action, result.text, result.text_truncated === true, textLinks(links, result, sent)), "after");
    if (action.result === "text" && !result.text?.trim() && result.exit_code === 0) return NOTHING_MADE;
    if (action.result === "messages" && output.isEmpty && result.exit_code === 0) return "Nothing to complain about.";
    return "";
  };
}
