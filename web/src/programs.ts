// The menu of programs to start from: the language's sample, examples, and what was run here before.

import { openDialog } from "./dialog";
import { el } from "./dom";
import { Menu } from "./menu";
import type { MenuGroup } from "./menu";
import { sampleOf } from "./project";
import { forgetPrograms, recentPrograms, titleOf } from "./recent";
import type { RecentProgram } from "./recent";
import type { Store } from "./state";
import type { SourceFile } from "./types";

type Examples = Record<string, Record<string, string>>;

interface Events {
  open: (language: string, files: readonly SourceFile[]) => void;
}

function when(at: number): string {
  const minutes = Math.round((Date.now() - at) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.round(minutes / 60)} h ago`;
  return new Date(at).toLocaleDateString();
}

export class Programs {
  private examples: Examples = {};

  constructor(
    private readonly store: Store,
    button: HTMLButtonElement,
    panel: HTMLElement,
    private readonly events: Events,
  ) {
    const menu = new Menu(button, panel, () => this.groups(), (id) => this.choose(id));
    /* The examples come when the menu is first opened, and are there the moment they have come. */
    button.addEventListener(
      "click",
      () => {
        void import("./examples").then(({ examples }) => {
          this.examples = examples;
          if (!panel.hidden) menu.open();
        });
      },
      { once: true },
    );
  }

  private groups(): MenuGroup[] {
    const { language } = this.store.state;
    const names = Object.keys(this.examples[language?.id ?? ""] ?? {});
    return [
      {
        heading: `Examples in ${language?.name ?? ""}`,
        items: [
          { id: "sample", label: "First program" },
          ...names.map((name) => ({ id: `example:${name}`, label: name })),
        ],
      },
      { heading: "Yours", items: [{ id: "recent", label: "Recent programs…", note: "kept in this browser" }] },
    ];
  }

  private choose(id: string): void {
    const { language } = this.store.state;
    if (!language) return;
    if (id === "recent") this.openRecent();
    else if (id === "sample") this.events.open(language.id, sampleOf(language));
    else {
      const text = this.examples[language.id]?.[id.slice("example:".length)];
      if (text !== undefined) this.events.open(language.id, [{ name: language.main_file, text }]);
    }
  }

  openRecent(): void {
    const programs = recentPrograms();
    const forget = el("button", { type: "button", class: "button quiet danger" }, "Forget them");
    const dialog = openDialog(
      "Recent programs",
      "recent",
      programs.length
        ? el("ul", { class: "recent" }, ...programs.map((program) => this.row(program, () => dialog.close())))
        : el("p", {}, "Programs you run are listed here; they are kept in this browser only."),
      programs.length ? forget : "",
    );
    forget.addEventListener("click", () => {
      forgetPrograms();
      dialog.close();
    });
  }

  private row({ language, files, at }: RecentProgram, close: () => void): HTMLElement {
    const name = this.store.state.languages.find(({ id }) => id === language)?.name;
    const lines = files.reduce((sum, { text }) => sum + text.split("\n").length, 0);
    const size = `${lines} lines${files.length > 1 ? ` in ${files.length} files` : ""}`;
    const button = el(
      "button",
      { type: "button", class: "recent-item", disabled: !name },
      el("code", {}, titleOf(files)),
      el("span", {}, `${name ?? language} · ${size} · ${when(at)}`),
    );
    button.addEventListener("click", () => {
      close();
      this.events.open(language, files);
    });
    return el("li", {}, button);
  }
}
