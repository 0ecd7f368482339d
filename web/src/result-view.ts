// The text an action made (assembly, expanded macros, …) in a read-only CodeMirror below the output.

import { searchKeymap } from "@codemirror/search";
import { defaultKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import type { Extension } from "@codemirror/state";
import { EditorView, drawSelection, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { copyText, el } from "./dom";
import { editorLooks } from "./editor-theme";
import { loadSyntax } from "./syntax";
import type { Action } from "./types";

function copyButton(text: string): HTMLElement {
  const button = el("button", { type: "button", class: "button quiet" }, "Copy");
  button.addEventListener("click", () => {
    void copyText(text).then((done) => (button.textContent = done ? "Copied" : "Not allowed"));
  });
  return button;
}

/** What a text comes with when its lines are linked to others. */
export interface TextLinks {
  extension: Extension;
  note: HTMLElement;
  open: (view: EditorView) => void;
}

/** A section that shows the text; its syntax comes when it is loaded. */
export function resultView(action: Action, text: string, truncated: boolean, links: TextLinks | null): HTMLElement {
  const place = el("div", { class: "result-text" });
  const doc = text.trimEnd();
  const lines = doc.split("\n").length;
  const element = el(
    "section",
    { class: "step step-result", "aria-label": action.name },
    el("div", { class: "made-head" }, el("h3", {}, action.name), el("span", {}, `${lines} lines`), copyButton(text)),
    links?.note,
    truncated && el("p", { class: "note" }, "It is longer than what a reply can hold; this is its beginning."),
    place,
  );
  const root = place.attachShadow({ mode: "open" });
  const extensions = [
    lineNumbers(),
    highlightSpecialChars(),
    drawSelection(),
    EditorState.readOnly.of(true),
    EditorView.contentAttributes.of({ "aria-label": action.name, tabindex: "0" }),
    links?.extension ?? [], /* before the usual keys: Enter is its own */
    keymap.of([...defaultKeymap, ...searchKeymap]),
    editorLooks,
    EditorView.theme({ "&": { height: "auto" }, ".cm-content": { paddingBottom: "14px" } }),
  ];
  const view = new EditorView({ parent: root, root, state: EditorState.create({ doc, extensions }) });
  void loadSyntax(action.syntax ?? "").then((syntax) =>
    view.setState(EditorState.create({ doc, extensions: [extensions, syntax] })),
  );
  links?.open(view);
  return element;
}
