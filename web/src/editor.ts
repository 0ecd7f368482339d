// The editor: CodeMirror in a shadow root. In one, CodeMirror puts its styles in as constructed style
// sheets; in the document itself it would add a <style> element, which needs 'unsafe-inline'.

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { byId } from "./dom";
import { editorLooks } from "./editor-theme";
import type { Diagnostic } from "./locations";
import { loadSyntax } from "./syntax";
import { typeOver } from "./typeover";

export interface EditorEvents {
  changed(): void;
  run(): void;
}

export class Editor {
  private readonly view: EditorView;
  private readonly syntax = new Compartment();
  private readonly label = new Compartment();
  private readonly darkness = new Compartment();
  private document = "";

  constructor(private readonly events: EditorEvents) {
    const root = byId("editor").attachShadow({ mode: "open" });
    this.view = new EditorView({ parent: root, root, state: this.newState("", "") });
  }

  private newState(text: string, file: string): EditorState {
    return EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (this.events.run(), true) }])),
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        dropCursor(),
        EditorState.allowMultipleSelections.of(true),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        typeOver(),
        rectangularSelection(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        keymap.of([
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          indentWithTab,
        ]),
        editorLooks,
        this.syntax.of([]),
        this.darkness.of([]),
        this.label.of(this.labelFor(file)),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) this.events.changed();
        }),
      ],
    });
  }

  private labelFor(file: string) {
    return EditorView.contentAttributes.of({
      "aria-label": `Program text, ${file}`,
      "aria-description": "Tab indents. To leave the editor press Escape, then Tab.",
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Another document, with a history of its own. */
  async open(document: string, text: string, file: string, syntaxName: string): Promise<void> {
    this.document = document;
    const dark = this.darkness.get(this.view.state);
    this.view.setState(this.newState(text, file));
    this.view.dispatch({ effects: this.darkness.reconfigure(dark ?? []) });
    const syntax = await loadSyntax(syntaxName);
    if (this.document === document)
      this.view.dispatch({ effects: this.syntax.reconfigure(syntax) });
  }

  /** Replaces the text; undo brings the old one back. */
  replace(text: string): void {
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: text },
      selection: { anchor: 0 },
      scrollIntoView: true,
    });
  }

  setDark(dark: boolean): void {
    this.view.dispatch({
      effects: this.darkness.reconfigure(EditorView.darkTheme.of(dark)),
    });
  }

  private position(line: number, column: number): number {
    const { doc } = this.view.state;
    const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
    /* Compilers count characters or bytes; near enough, and never outside the line. */
    return Math.min(at.from + Math.max(column - 1, 0), at.to);
  }

  goTo(line: number, column: number): void {
    const anchor = this.position(line, column);
    this.view.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: "center" }),
    });
    this.view.focus();
  }

  mark(diagnostics: readonly Diagnostic[]): void {
    const { state } = this.view;
    const marks = diagnostics
      .filter(({ line }) => line >= 1 && line <= state.doc.lines)
      .map(({ severity, line, column, message }) => {
        const from = this.position(line, column);
        const word = state.wordAt(from);
        const to = word && word.from <= from ? word.to : Math.min(from + 1, state.doc.lineAt(from).to);
        return { from: to > from ? from : Math.max(from - 1, state.doc.lineAt(from).from), to, severity, message };
      })
      .sort((a, b) => a.from - b.from);
    this.view.dispatch(setDiagnostics(state, marks));
  }

  focus(): void {
    this.view.focus();
  }
}
