// The program's files as tabs: show, add, rename, delete.

import { byId, el } from "./dom";
import { nameProblem } from "./project";
import type { Project } from "./project";
import type { State, Store } from "./state";

export class Tabs {
  private readonly list = byId("tabs");
  private readonly addButton = byId<HTMLButtonElement>("file-add");
  private readonly renameButton = byId<HTMLButtonElement>("file-rename");
  private readonly removeButton = byId<HTMLButtonElement>("file-remove");
  private readonly form = byId<HTMLFormElement>("file-form");
  private readonly entry = byId<HTMLInputElement>("file-entry");
  private readonly trouble = byId("file-trouble");
  /* The file being named anew, or null when a new one is named. */
  private renaming: string | null = null;

  constructor(
    private readonly store: Store,
    private readonly project: Project,
    private readonly focusEditor: () => void,
  ) {
    this.list.addEventListener("click", (event) => {
      const tab = (event.target as Element).closest<HTMLElement>("[role=tab]");
      if (tab) project.showFile(tab.dataset["file"]!);
    });
    this.list.addEventListener("dblclick", () => this.ask(store.state.file));
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.addButton.addEventListener("click", () => this.ask(null));
    this.renameButton.addEventListener("click", () => this.ask(store.state.file));
    this.removeButton.addEventListener("click", () => this.remove());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.take();
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    this.form.addEventListener("focusout", (event) => {
      if (!this.form.contains(event.relatedTarget as Node | null)) this.form.hidden = true;
    });
    store.subscribe((state, before) => {
      if (state === before || state.files !== before.files || state.file !== before.file) this.show(state);
    });
  }

  private show({ files, file, language }: State): void {
    const focused = this.list.contains(document.activeElement);
    this.list.replaceChildren(
      ...files.map((name) =>
        el(
          "button",
          {
            type: "button",
            role: "tab",
            class: "tab",
            "data-file": name,
            "aria-selected": String(name === file),
            "aria-controls": "program",
            tabindex: name === file ? 0 : -1,
          },
          name,
        ),
      ),
    );
    const chosen = this.list.querySelector<HTMLElement>("[aria-selected=true]");
    requestAnimationFrame(() => chosen?.scrollIntoView({ block: "nearest", inline: "nearest" }));
    if (focused) chosen?.focus();
    this.addButton.disabled = this.renameButton.disabled = !language;
    this.removeButton.hidden = files.length < 2;
    this.removeButton.setAttribute("aria-label", `Delete ${file}`);
    this.renameButton.setAttribute("aria-label", `Rename ${file}`);
  }

  /** The file after or before the one in the editor. */
  step(by: number): void {
    const { files, file } = this.store.state;
    const next = files[(files.indexOf(file) + by + files.length) % files.length];
    if (next) this.project.showFile(next);
  }

  private key(event: KeyboardEvent): void {
    const does: Record<string, () => void> = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      F2: () => this.ask(this.store.state.file),
      Delete: () => this.remove(),
    };
    const action = does[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  /** Asks for a name: another one for this file, or for null that of a new file. */
  ask(file: string | null): void {
    const { language, file: current } = this.store.state;
    if (!language) return;
    this.renaming = file;
    const folder = current.includes("/") ? current.slice(0, current.lastIndexOf("/") + 1) : "";
    const ending = /\.[^./]+$/.exec(language.main_file)?.[0] ?? "";
    this.entry.value = file ?? `${folder}new${ending}`;
    this.entry.setAttribute("aria-label", file ? `New name of ${file}` : "Name of the new file");
    this.say("");
    this.form.hidden = false;
    this.entry.focus();
    this.entry.select();
  }

  private take(): void {
    const name = this.entry.value.trim();
    const problem = nameProblem(name, this.store.state.files.filter((other) => other !== this.renaming));
    if (problem) {
      this.say(problem);
      return;
    }
    if (this.renaming === null) this.project.add({ name, text: "" });
    else if (this.renaming !== name) this.project.rename(this.renaming, name);
    this.close();
  }

  private say(text: string): void {
    this.trouble.textContent = text;
    this.trouble.hidden = !text;
    this.entry.setAttribute("aria-invalid", String(text !== ""));
  }

  private close(): void {
    this.form.hidden = true;
    this.focusEditor();
  }

  private remove(): void {
    if (this.store.state.files.length < 2) return;
    this.project.remove(this.store.state.file);
    this.focusEditor();
  }
}
