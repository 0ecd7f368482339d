// The compiler's suggestions as a list above its words, each with a button that makes the change.

import { el } from "./dom";
import type { Editor } from "./editor";
import { fixesOf } from "./marks";
import type { Diagnostic, Fix } from "./types";

const SHOWN_MAX = 20;

function preview({ edits }: Fix): string {
  const text = edits.map((edit) => edit.text.trim()).join(" … ");
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function fixRow(editor: Editor, showFile: (file: string) => void, fix: Fix, index: number): HTMLElement {
  const button = el("button", { type: "button", class: "button small" }, "Apply");
  const { file, line } = fix.edits[0]!;
  const change = preview(fix);
  const row = el(
    "li",
    {},
    button,
    el("span", {}, fix.message.replace(/[:\s]+$/, ""), change && ": ", change && el("code", {}, change)),
    el("span", { class: "where" }, `${file}:${line}`),
  );
  button.setAttribute("aria-label", `Apply: ${row.textContent.replace(/^Apply/, "")}`);
  button.addEventListener("click", () => {
    showFile(file);
    const done = editor.applyFix(index);
    button.disabled = true;
    button.textContent = done ? "Done" : "Outdated";
    if (!done) button.title = "The text has been edited there since.";
  });
  return row;
}

/** The list, or null when the compiler suggests nothing that can be done by a click. */
export function fixList(
  editor: Editor,
  diagnostics: readonly Diagnostic[],
  files: readonly string[],
  showFile: (file: string) => void,
): HTMLElement | null {
  const rows = files.flatMap((file) =>
    fixesOf(diagnostics, file).map((fix, index) => (fix.edits.length ? fixRow(editor, showFile, fix, index) : null)),
  );
  const shown = rows.filter((row) => row !== null).slice(0, SHOWN_MAX);
  if (!shown.length) return null;
  return el("section", { class: "fixes", "aria-label": "Suggested fixes" }, el("h3", {}, "Suggested fixes"), el("ul", {}, ...shown));
}
