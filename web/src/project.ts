// The program at hand: the files of a language, which one is in the editor, and keeping them, with what can
// be undone, in this browser, so that nothing typed is ever lost.

import type { Editor, UndoRecord } from "./editor";
import { remember } from "./recent";
import type { Store } from "./state";
import { DelayedSave, load, save } from "./storage";
import type { Language, SourceFile } from "./types";

const UNDO_CHARACTERS = 400_000;
const NAME_BYTES_MAX = 200;

interface Kept {
  files: SourceFile[];
  file: string;
}

/** What is wrong with a name for a file beside these, or "". */
export function nameProblem(name: string, others: readonly string[]): string {
  if (!name) return "A file needs a name.";
  if (new TextEncoder().encode(name).length > NAME_BYTES_MAX) return "This name is too long.";
  if (/[\0-\x1f\x7f"'<>\\]|^\s|\s$/.test(name)) return "Names have no quotes, angle brackets, backslashes or outer blanks.";
  if (name.split("/").some((part) => part === "" || part === "." || part === ".."))
    return "A name is a path below the program's folder, like src/parse.rs.";
  if (others.includes(name)) return `There is a ${name} already.`;
  if (others.some((other) => other.startsWith(`${name}/`) || name.startsWith(`${other}/`)))
    return "A file and a folder cannot have the same name.";
  return "";
}

/** The language's sample as files. */
export function sampleOf(language: Language): SourceFile[] {
  return [{ name: language.main_file, text: language.sample ?? "" }];
}

export class Project {
  private readonly saver = new DelayedSave(400);

  constructor(
    private readonly store: Store,
    private readonly editor: Editor,
  ) {}

  /** What was kept of the language's program, or its sample. */
  restore(language: Language): void {
    this.saver.flush();
    const kept = load<Kept | null>(`project.${language.id}`, null);
    const files = kept?.files.length ? kept.files : sampleOf(language);
    this.show(language, files, kept?.file ?? "", load<UndoRecord>(`undo.${language.id}`, {}));
  }

  /** Another program in place of the one at hand, which stays among the recent ones. */
  replace(files: readonly SourceFile[]): void {
    const { language } = this.store.state;
    if (!language || !files.length) return;
    remember(language.id, this.editor.files);
    const names = files.map(({ name }) => name);
    const [first] = files;
    if (this.store.state.files.join("\n") === names.join("\n")) {
      for (const { name, text } of files) this.editor.replace(name, text);
      this.showFile(first!.name);
    } else this.show(language, files, first!.name, {});
    this.changed();
  }

  private show(language: Language, files: readonly SourceFile[], wanted: string, undo: UndoRecord): void {
    const names = files.map(({ name }) => name);
    const file = names.includes(wanted) ? wanted : names[0]!;
    void this.editor.open(files, file, language.editor ?? "", undo);
    this.store.update({ files: names, file });
  }

  /** Something was edited: it is kept in a moment. */
  changed(): void {
    const { language } = this.store.state;
    if (language) this.saver.schedule(() => this.keep(language.id));
  }

  private keep(id: string): void {
    save(`project.${id}`, { files: this.editor.files, file: this.store.state.file });
    const undo = this.editor.undoRecord;
    save(`undo.${id}`, JSON.stringify(undo).length <= UNDO_CHARACTERS ? undo : {});
  }

  /** Keeps what is there at once. */
  flush(): void {
    this.saver.flush();
  }

  showFile(file: string): void {
    if (!this.store.state.files.includes(file)) return;
    this.editor.show(file);
    this.store.update({ file });
    this.changed();
  }

  add(file: SourceFile): void {
    this.editor.add(file);
    this.store.update({ files: [...this.store.state.files, file.name] });
    this.showFile(file.name);
  }

  rename(file: string, name: string): void {
    const { files, file: current } = this.store.state;
    this.editor.rename(file, name);
    this.store.update({
      files: files.map((other) => (other === file ? name : other)),
      file: current === file ? name : current,
    });
    this.changed();
  }

  /** Takes a file out; the program stays among the recent ones as it was. */
  remove(file: string): void {
    const { files, language } = this.store.state;
    const at = files.indexOf(file);
    if (at < 0 || files.length < 2) return;
    if (language) remember(language.id, this.editor.files);
    this.showFile(files[at > 0 ? at - 1 : 1]!);
    this.editor.remove(file);
    this.store.update({ files: files.filter((other) => other !== file) });
    this.changed();
  }
}
