// The compiler's suggestions as a list above its words, each with a button that makes the change.

import { el } from "./dom";
import type { Editor } from "./editor";
import { filesOf, fixesOf } from "./marks";
import type { OfferedFix } from "./marks";
import type { Diagnostic, Fix } from "./types";

const SHOWN_MAX = 20;

function preview({ edits }: Fix): string {
  const text = edits.map((edit) => edit.text.trim()).join(" … ");
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/* "src/main.rs:3", or all files with how many places when there are several. */
function where(fix: Fix): string {
  const files = filesOf(fix);
  const { edits } = fix;
  return files.length > 1 ? `${edits.length} places in ${files.join(", ")}` : `${files[0]!}:${edits[0]!.line}`;
}

function fixRow(editor: Editor, showFile: (file: string) => void, { id, fix }: OfferedFix): HTMLElement {
  const button = el("button", { type: "button", class: "button small" }, "Apply");
  const change = preview(fix);
  const row = el(
    "li",
    {},
    button,
    el("span", {}, fix.message.replace(/[:\s]+$/, ""), change && ": ", change && el("code", {}, change)),
    el("span", { class: "where" }, where(fix)),
  );
  button.setAttribute("aria-label", `Apply: ${row.textContent.replace(/^Apply/, "")}`);
  button.addEventListener("click", () => {
    const done = editor.applyFix(id);
    if (done) showFile(fix.edits[0]!.file);
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
  showFile: (file: string) => void,
): HTMLElement | null {
  const shown = fixesOf(diagnostics).slice(0, SHOWN_MAX).map((fix) => fixRow(editor, showFile, fix));
  if (!shown.length) return null;
  return el("section", { class: "fixes", "aria-label": "Suggested fixes" }, el("h3", {}, "Suggested fixes"), el("ul", {}, ...shown));
}
