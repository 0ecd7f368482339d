// Ties the assembly that is shown to the source lines it was made from: what is pointed at or under the
// cursor on one side is lit on both, and a click, Enter or a key leads from one to the other.

import type { Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { el } from "./dom";
import type { Editor } from "./editor";
import { lightLines, lineNow, linkedLines, markGutter, markLines, markedLine } from "./linked-lines";
import type { Store } from "./state";
import type { SourceFile } from "./types";

/** For each line of the assembly which of the files (from 0) and which line there, or null. */
export type LineList = readonly (readonly [number, number] | null)[];

interface Place {
  file: string;
  line: number;
}

const lineOf = ({ state }: EditorView): number => state.doc.lineAt(state.selection.main.head).number;

const isSame = (a: Place | null, b: Place | null): boolean => a?.file === b?.file && a?.line === b?.line;

const LINES_NAMED_MAX = 6;

/* "lines 3 to 5, 9" */
function nameLines(lines: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < lines.length && parts.length < LINES_NAMED_MAX; i++) {
    const first = lines[i]!;
    while (lines[i + 1] === lines[i]! + 1) i++;
    parts.push(first === lines[i] ? `${first}` : `${first} to ${lines[i]!}`);
  }
  const more = parts.length === LINES_NAMED_MAX ? ", …" : "";
  return `${lines.length === 1 ? "line" : "lines"} ${parts.join(", ")}${more}`;
}

export class AsmLinks {
  private view: EditorView | null = null;
  private places: (Place | null)[] = [];
  private readonly lines = new Map<string, number[]>();
  private cursor: Place | null = null;
  private lit: Place | null = null;
  readonly note = el("p", { class: "link-note", role: "status" });

  constructor(
    private readonly store: Store,
    private readonly editor: () => Editor,
    private readonly showFile: (file: string) => void,
  ) {
    store.subscribe(({ run }) => {
      if (run.phase === "submitting") this.close();
    });
  }

  /** What the source editor needs for it. */
  readonly sourceExtension: Extension = [
    linkedLines({
      point: (line) => this.light(line === null ? this.cursor : this.ofSource(line)),
      visit: (line) => this.visit(this.ofSource(line)),
      click: (line) => {
        const place = this.ofSource(line);
        this.visit(place); /* on a touch screen the cursor comes later, or not at all */
        this.scrollTo(place);
      },
    }),
    markGutter((line) => this.goToAssembly({ file: this.store.state.file, line }, false)),
  ];

  /** What the view of the assembly needs for it. */
  readonly assemblyExtension: Extension = [
    linkedLines({
      point: (line) => this.light(line === null ? this.cursor : this.ofAssembly(line)),
      visit: (line) => this.visit(this.ofAssembly(line)),
      click: (line) => void this.goToSource(line, false),
    }),
    EditorView.contentAttributes.of({ "aria-description": "Enter goes to the source line." }),
    keymap.of([{ key: "Enter", run: (view) => this.goToSource(lineOf(view), true) }]),
  ];

  /** Begins with an assembly that is shown; the files are those it was made from. */
  open(view: EditorView, list: LineList, files: readonly SourceFile[]): void {
    this.close();
    this.view = view;
    this.places = list.map((item) => {
      const file = item && files[item[0]]?.name;
      return item && file ? { file, line: item[1] } : null;
    });
    this.places.forEach((place, i) => {
      if (!place) return;
      const key = `${place.file}\n${place.line}`;
      const lines = this.lines.get(key);
      if (lines) lines.push(i + 1);
      else this.lines.set(key, [i + 1]);
    });
    this.editor().eachFile((state, file) => ({ effects: markLines(state.doc, this.linesOf(file)) }));
    this.note.textContent = this.lines.size ? "Point at a line to see what belongs to it." : "No line here comes from your files.";
  }

  private close(): void {
    if (!this.view) return;
    this.view = null;
    this.cursor = this.lit = null;
    this.places = [];
    this.lines.clear();
    this.editor().eachFile((state) => ({ effects: [markLines(state.doc, []), lightLines([])] }));
  }

  /** From the cursor's line to the first of the other side that belongs to it. */
  jump(): void {
    if (!this.view) return;
    if (this.view.hasFocus) this.goToSource(lineOf(this.view), true);
    else {
      const place = this.ofSource(this.editor().line);
      if (place) this.goToAssembly(place, true);
      else this.note.textContent = "This line has no assembly of its own.";
    }
  }

  /* The source lines of a file that have assembly, in order. */
  private linesOf(file: string): number[] {
    const found = new Set<number>();
    for (const place of this.places) if (place?.file === file) found.add(place.line);
    return [...found].sort((a, b) => a - b);
  }

  private assemblyOf({ file, line }: Place): readonly number[] {
    return this.lines.get(`${file}\n${line}`) ?? [];
  }

  private ofAssembly(line: number): Place | null {
    return this.places[line - 1] ?? null;
  }

  private ofSource(line: number): Place | null {
    const { file } = this.store.state;
    const marked = this.view && this.editor().ask(file, (state) => markedLine(state, line));
    return marked ? { file, line: marked } : null;
  }

  private light(place: Place | null): void {
    if (!this.view || isSame(place, this.lit)) return;
    this.lit = place;
    this.view.dispatch({ effects: lightLines(place ? this.assemblyOf(place) : []) });
    this.editor().eachFile((state, file) => {
      const now = place?.file === file ? lineNow(state, place.line) : null;
      return { effects: lightLines(now === null ? [] : [now]) };
    });
  }

  private visit(place: Place | null): void {
    if (!this.view || isSame(place, this.cursor)) return;
    this.cursor = place;
    /* Not within the update that told of the cursor. */
    queueMicrotask(() => {
      this.light(place);
      if (!this.view || !place) return;
      this.note.textContent = `${place.file}:${place.line} is ${nameLines(this.assemblyOf(place))} here.`;
    });
  }

  /* Shows the first line of assembly that belongs to a place. */
  private scrollTo(place: Place | null): void {
    const first = place && this.assemblyOf(place)[0];
    if (!this.view || !first) return;
    const { from } = this.view.state.doc.line(first);
    this.view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "center" }) });
  }

  private goToAssembly(place: Place, focus: boolean): void {
    const [first] = this.assemblyOf(place);
    if (!this.view || first === undefined) return;
    this.view.dispatch({ selection: { anchor: this.view.state.doc.line(first).from } });
    this.scrollTo(place);
    if (focus) this.view.focus();
  }

  private goToSource(line: number, focus: boolean): boolean {
    const place = this.ofAssembly(line);
    if (!place) return false;
    const now = this.editor().ask(place.file, (state) => lineNow(state, place.line));
    if (!now) {
      this.note.textContent = `${place.file}:${place.line} is no longer there.`;
      return true;
    }
    this.showFile(place.file);
    this.editor().goTo(now, 1, focus);
    return true;
  }
}
