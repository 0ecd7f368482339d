// The program's standard input: text given at the start, and, when asked for, lines typed while it runs.

import { ApiError, sendStdin } from "./api";
import { byId } from "./dom";
import type { OutputView } from "./output";
import { isActive } from "./state";
import type { State, Store } from "./state";
import { DelayedSave, load, save } from "./storage";

export class InputView {
  private readonly text = byId<HTMLTextAreaElement>("stdin");
  private readonly live = byId<HTMLInputElement>("live-input");
  private readonly form = byId<HTMLFormElement>("stdin-line");
  private readonly entry = byId<HTMLInputElement>("stdin-entry");
  private readonly sendButton = byId<HTMLButtonElement>("stdin-send");
  private readonly endButton = byId<HTMLButtonElement>("stdin-end");
  private readonly trouble = byId("stdin-trouble");
  private readonly saver = new DelayedSave(300);
  /* Lines go one after the other, so that none overtakes another. */
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly output: OutputView,
  ) {
    this.live.checked = store.state.live;
    this.live.addEventListener("change", () => {
      save("live", this.live.checked);
      store.update({ live: this.live.checked });
    });
    this.text.addEventListener("input", () => {
      const key = this.key();
      const value = this.text.value;
      this.saver.schedule(() => save(key, value));
      this.showSummary();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(`${this.entry.value}\n`, false);
      this.entry.value = "";
    });
    this.entry.addEventListener("keydown", (event) => {
      if (event.key !== "d" || !event.ctrlKey || this.entry.value) return;
      event.preventDefault();
      this.send("", true);
    });
    this.entry.addEventListener("paste", (event) => this.paste(event));
    this.endButton.addEventListener("click", () => {
      this.send(this.entry.value, true);
      this.entry.value = "";
    });
    store.subscribe((state, before) => this.show(state, before));
  }

  private key(): string {
    return `stdin.${this.store.state.language?.id ?? ""}`;
  }

  /** What the program is given at the start. */
  get startText(): string {
    return this.text.value;
  }

  /** Shows what is remembered for the current language. */
  restore(): void {
    this.saver.flush();
    this.text.value = load(this.key(), "");
    this.showSummary();
  }

  private showSummary(): void {
    const { value } = this.text;
    const lines = value ? value.replace(/\n$/, "").split("\n").length : 0;
    const parts = lines ? [lines === 1 ? "1 line" : `${lines} lines`] : [];
    if (this.store.state.live) parts.push("typed while it runs");
    byId("input-summary").textContent = parts.join(", ") || "none";
  }

  private show(state: State, before: State): void {
    const open = state.run.stdinOpen && isActive(state.run) && state.run.jobId !== null;
    this.form.hidden = !state.live;
    this.entry.disabled = this.sendButton.disabled = this.endButton.disabled = !open;
    this.entry.placeholder = open ? "Type a line, then Enter" : "Lines can be typed here while a program runs";
    if (state.live !== before.live) this.showSummary();
    if (state.run.jobId !== before.run.jobId) this.say("");
    const starts = state.run.phase === "running" && before.run.phase !== "running";
    if (starts && state.live && open) this.entry.focus({ preventScroll: true });
  }

  private say(text: string): void {
    this.trouble.textContent = text;
    this.trouble.hidden = !text;
  }

  /* Whole lines of a pasted text are sent; what follows the last line break stays to be edited. */
  private paste(event: ClipboardEvent): void {
    const pasted = event.clipboardData?.getData("text/plain").replace(/\r\n?/g, "\n") ?? "";
    const last = pasted.lastIndexOf("\n");
    if (last < 0) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = this.entry;
    const before = value.slice(0, selectionStart ?? value.length);
    const after = value.slice(selectionEnd ?? value.length);
    this.send(before + pasted.slice(0, last + 1), false);
    this.entry.value = pasted.slice(last + 1) + after;
  }

  private send(text: string, close: boolean): void {
    const id = this.store.state.run.jobId;
    if (!id || !this.store.state.run.stdinOpen) return;
    if (close) this.store.updateRun({ stdinOpen: false });
    this.sending = this.sending.then(() => this.deliver(id, text, close));
  }

  private async deliver(id: string, text: string, close: boolean): Promise<void> {
    const isCurrent = () => this.store.state.run.jobId === id && isActive(this.store.state.run);
    if (!isCurrent()) return;
    try {
      await sendStdin(id, text, close);
      if (!isCurrent()) return;
      this.say("");
      this.output.write("run", "stdin", text + (close ? "(end of input)\n" : ""));
    } catch (error) {
      if (!isCurrent()) return;
      if (error instanceof ApiError && error.status === 409) {
        this.store.updateRun({ stdinOpen: false });
        return;
      }
      if (close) this.store.updateRun({ stdinOpen: true });
      this.entry.value = text.replace(/\n$/, "") + this.entry.value;
      this.say(
        error instanceof ApiError && error.status === 429
          ? "The program has not read its earlier input yet. Send this again in a moment."
          : error instanceof Error
            ? error.message
            : String(error),
      );
    }
  }
}
