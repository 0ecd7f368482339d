// The editor: CodeMirror in a shadow root. In one, CodeMirror puts its styles in as constructed style
// sheets; in the document itself it would add a <style> element, which needs 'unsafe-inline'. Each file of
// the program is a state of its own, with its own history.

import { historyField } from "@codemirror/commands";
import { Compartment, EditorState } from "@codemirror/state";
import type { Extension, StateEffect, TransactionSpec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { byId } from "./dom";
import { editorExtensions } from "./editor-setup";
import { loadKeys } from "./keys";
import { filesToFix, fixSpec, markSpec, offsetOf, unmarkSpec } from "./marks";
import { PlainEditor } from "./plain-editor";
import { retext, retextSpec } from "./retext";
import type { Keys } from "./settings";
import { loadSyntax } from "./syntax";
import type { Diagnostic, SourceFile } from "./types";

export interface EditorEvents {
  changed(): void;
}

/** File name → what EditorState.toJSON() gave for it. */
export type UndoRecord = Record<string, unknown>;

const STORED_FIELDS = { history: historyField };

function describe(file: string): Extension {
  return EditorView.contentAttributes.of({
    "aria-label": `Program text, ${file}`,
    tabindex: "0",
    "aria-description": "Tab indents. To leave the editor press Escape, then Tab.",
  });
}

export class Editor {
  private readonly view: EditorView;
  private readonly plain: PlainEditor;
  /* What every file's state has, and may change while it is open. */
  private readonly shared = { syntax: new Compartment(), keys: new Compartment(), dark: new Compartment() };
  private readonly now: Record<"syntax" | "keys" | "dark", Extension> = { syntax: [], keys: [], dark: [] };
  private states = new Map<string, EditorState>();
  private current = "";
  private opening = 0;
  private keys: Keys = "usual";

  constructor(
    private readonly events: EditorEvents,
    private readonly more: Extension = [],
  ) {
    const root = byId("editor").attachShadow({ mode: "open" });
    this.view = new EditorView({ parent: root, root, state: EditorState.create() });
    this.plain = new PlainEditor(byId<HTMLTextAreaElement>("plain-editor"), this.view);
  }

  private extensions(file: string): Extension {
    const { syntax, keys, dark } = this.shared;
    return [
      keys.of(this.now.keys), /* before all others: vim wants every key first */
      editorExtensions,
      syntax.of(this.now.syntax),
      dark.of(this.now.dark),
      describe(file),
      this.more,
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        this.plain.follow();
        this.events.changed();
      }),
    ];
  }

  private newState({ name, text }: SourceFile, stored?: unknown): EditorState {
    const extensions = this.extensions(name);
    if (typeof stored === "object" && stored !== null && (stored as { doc?: unknown }).doc === text) {
      try {
        return EditorState.fromJSON(stored, { extensions }, STORED_FIELDS);
      } catch {
        /* Written by another version: then there is nothing to undo. */
      }
    }
    return EditorState.create({ doc: text, extensions });
  }

  /** Other files, with the histories that were kept of them. */
  async open(files: readonly SourceFile[], file: string, syntaxName: string, undo: UndoRecord): Promise<void> {
    const opening = ++this.opening;
    this.now.syntax = [];
    this.states = new Map(files.map((source) => [source.name, this.newState(source, undo[source.name])]));
    this.current = "";
    this.show(file);
    const syntax = await loadSyntax(syntaxName);
    if (opening === this.opening) this.share("syntax", syntax);
  }

  /** What the files are now, in their order. */
  get files(): SourceFile[] {
    this.keep();
    return [...this.states].map(([name, state]) => ({ name, text: state.doc.toString() }));
  }

  /** To be given to open() when these files are opened again. */
  get undoRecord(): UndoRecord {
    this.keep();
    return Object.fromEntries([...this.states].map(([name, state]) => [name, state.toJSON(STORED_FIELDS)]));
  }

  private keep(): void {
    if (this.current) this.states.set(this.current, this.view.state);
  }

  /** Puts a file into the view. */
  show(file: string): void {
    this.keep();
    const state = this.states.get(file);
    if (!state) return;
    this.current = file;
    const effects = (["syntax", "keys", "dark"] as const).map((name) => this.reconfigure(name));
    this.view.setState(state.update({ effects }).state);
    this.plain.follow(`Program text, ${file}`);
  }

  add(file: SourceFile): void {
    this.states.set(file.name, this.newState(file));
  }

  rename(file: string, name: string): void {
    this.keep();
    const states = [...this.states].map(([key, state]): [string, EditorState] =>
      key === file ? [name, this.newState({ name, text: state.doc.toString() }, state.toJSON(STORED_FIELDS))] : [key, state],
    );
    this.states = new Map(states);
    if (this.current !== file) return;
    this.current = "";
    this.show(name);
  }

  /** Takes a file out; another must be shown first. */
  remove(file: string): void {
    this.states.delete(file);
  }

  /** Gives a file another text, as one edit. */
  replace(file: string, text: string): void {
    if (file === this.current) retext(this.view, text);
    else this.dispatchTo(file, (state) => retextSpec(state, text));
  }

  private dispatchTo(file: string, spec: (state: EditorState) => TransactionSpec): void {
    this.keep();
    const state = this.states.get(file);
    if (!state) return;
    if (file === this.current) this.view.dispatch(spec(state));
    else this.states.set(file, state.update(spec(state)).state);
  }

  /** Puts a line in before the `line`th, and the cursor at its end. */
  insertLine(line: number, text: string): void {
    const { doc } = this.view.state;
    const from = doc.line(Math.min(Math.max(line, 1), doc.lines)).from;
    this.view.dispatch({
      changes: { from, insert: `${text}\n` },
      selection: { anchor: from + text.length },
      scrollIntoView: true,
      userEvent: "input",
    });
  }

  private reconfigure(name: "syntax" | "keys" | "dark"): StateEffect<unknown> {
    return this.shared[name].reconfigure(this.now[name]);
  }

  private share(name: "syntax" | "keys" | "dark", extension: Extension): void {
    this.now[name] = extension;
    this.view.dispatch({ effects: this.reconfigure(name) });
  }

  setDark(dark: boolean): void {
    this.share("dark", EditorView.darkTheme.of(dark));
  }

  async setKeys(keys: Keys): Promise<void> {
    this.keys = keys;
    const extension = await loadKeys(keys);
    if (this.keys === keys) this.share("keys", extension);
  }

  /** A plain text field in place of CodeMirror, over the same text. */
  setPlain(plain: boolean): void {
    byId("editor").hidden = plain;
    this.plain.show(plain);
  }

  /** Sizes that CodeMirror has measured are no longer true. */
  remeasure(): void {
    this.view.requestMeasure();
  }

  /** The line the cursor is on. */
  get line(): number {
    const { doc, selection } = this.view.state;
    return doc.lineAt(Math.min(this.plain.cursor ?? selection.main.head, doc.length)).number;
  }

  goTo(line: number, column: number, focus = true): void {
    const anchor = offsetOf(this.view.state.doc, line, column);
    this.view.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: "center" }),
    });
    if (focus || this.plain.isShown) this.focus();
  }

  /** Dispatches to every file, shown or not. */
  eachFile(spec: (state: EditorState, file: string) => TransactionSpec): void {
    for (const file of this.states.keys()) this.dispatchTo(file, (state) => spec(state, file));
  }

  /** What is to be known of a file's state, or null when there is no such file. */
  ask<T>(file: string, question: (state: EditorState) => T): T | null {
    this.keep();
    const state = this.states.get(file);
    return state ? question(state) : null;
  }

  mark(diagnostics: readonly Diagnostic[]): void {
    this.eachFile((state, file) => markSpec(state, diagnostics, file, (id) => this.applyFix(id)));
  }

  /** Makes all changes of a fix, by its id among fixesOf(); false when a text was edited there since. */
  applyFix(id: number): boolean {
    this.keep();
    const files = filesToFix(this.states, id);
    for (const file of files) this.dispatchTo(file, (state) => fixSpec(state, id));
    if (!files.length) return false;
    this.eachFile((state) => unmarkSpec(state, id));
    this.events.changed();
    return true;
  }

  focus(): void {
    if (this.plain.isShown) this.plain.focus(this.view.state.selection.main.head);
    else this.view.focus();
  }
}
