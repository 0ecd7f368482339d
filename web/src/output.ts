// The output pane: takes what a job prints as fast as it comes, shows it at the pace of the screen.

import { byId, el } from "./dom";
import { locationPattern } from "./locations";
import { Section, copyable } from "./section";
import type { Action, StepKind, StreamName } from "./types";

const SLICE = 16 * 1024;
const FRAME_BUDGET_MS = 8;
const STEPS: readonly StepKind[] = ["compile", "action", "run"];

/* A piece for one go: whole lines, if there is one. */
function sliceOf(text: string): string {
  if (text.length <= SLICE) return text;
  return text.slice(0, text.lastIndexOf("\n", SLICE - 1) + 1 || SLICE);
}

interface Waiting {
  step: StepKind;
  stream: StreamName;
  text: string;
}

export class OutputView {
  private readonly scroller = byId("output");
  private readonly welcome = byId("welcome");
  private readonly content = byId("output-content");
  private sections: Partial<Record<StepKind, Section>> = {};
  private readonly waiting: Waiting[] = [];
  private frame = 0;
  private pattern = locationPattern(["main"]);
  private titles: Record<StepKind, string> = { compile: "Compiler", run: "Program", action: "" };
  /* The end is kept in view, until the visitor scrolls up. */
  private pinned = true;
  /* What is shown at the end of an action is read from its start, and stays where the visitor is. */
  private follows = true;
  private lastTop = 0;
  private whenShown: (() => void)[] = [];

  constructor(onLocation: (file: string, line: number, column: number) => void) {
    this.scroller.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>(".location");
      if (!button) return;
      const { file = "", line, column } = button.dataset;
      onLocation(file, Number(line), Number(column));
    });
    this.scroller.addEventListener("scroll", () => this.notePosition());
    /* Rows get their true height only once they come into view. */
    new ResizeObserver(() => this.keepPinned()).observe(this.content);
  }

  /** Empties the pane for a new run of these files, or something else done with them. */
  reset(files: readonly string[], action: Action | null): void {
    this.waiting.length = 0;
    this.whenShown = [];
    this.sections = {};
    this.content.replaceChildren();
    this.pattern = locationPattern(files);
    /* What it says beside what it makes, which has its name. */
    this.titles.action = !action ? "" : action.result === "text" ? `${action.name}: messages` : action.name;
    this.pinned = this.follows = true;
    this.welcome.hidden = true;
  }

  write(step: StepKind, stream: StreamName, text: string): void {
    if (!text) return;
    this.section(step).record(stream, text);
    const last = this.waiting[this.waiting.length - 1];
    if (last?.step === step && last.stream === stream) last.text += text;
    else this.waiting.push({ step, stream, text });
    this.schedule();
  }

  /** Something of ours, before or after what was printed, once that is shown. */
  add(node: HTMLElement, where: "before" | "after"): void {
    this.whenShown.push(() => {
      if (where === "before") this.content.prepend(node);
      else this.content.append(node);
    });
    this.schedule();
  }

  /** A line of ours at the end of the output, once everything before it is shown. */
  finish(note: string, showStart: boolean): void {
    this.whenShown.push(() => {
      if (note) this.content.append(el("p", { class: "note" }, note));
      if (!showStart) return;
      this.pinned = this.follows = false;
      this.scroller.scrollTop = 0;
    });
    this.schedule();
  }

  raw(step: StepKind, streams: readonly StreamName[]): string {
    return this.sections[step]?.raw(streams) ?? "";
  }

  get isEmpty(): boolean {
    return Object.values(this.sections).every((section) => section.isEmpty);
  }

  copyText(): string {
    return STEPS
      .map((step) => copyable(this.raw(step, ["stdout", "stderr", "stdin"])))
      .filter(Boolean)
      .join("\n");
  }

  private notePosition(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    if (this.follows && scrollHeight - scrollTop - clientHeight < 24) this.pinned = true;
    else if (scrollTop < this.lastTop) this.pinned = false;
    this.lastTop = scrollTop;
  }

  private keepPinned(): void {
    if (this.pinned) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  private section(step: StepKind): Section {
    let section = this.sections[step];
    if (!section) {
      section = new Section(this.titles[step], step, this.pattern);
      this.sections[step] = section;
      if (step === "compile") this.content.prepend(section.element);
      else this.content.append(section.element);
    }
    return section;
  }

  private schedule(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.show();
    });
  }

  private show(): void {
    const until = performance.now() + FRAME_BUDGET_MS;
    while (this.waiting.length && performance.now() < until) {
      const next = this.waiting[0]!;
      const text = sliceOf(next.text);
      next.text = next.text.slice(text.length);
      if (!next.text) this.waiting.shift();
      this.section(next.step).append(next.stream, text);
    }
    this.keepPinned();
    if (this.waiting.length) {
      this.schedule();
      return;
    }
    for (const done of this.whenShown.splice(0)) done();
  }
}
