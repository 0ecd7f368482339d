// A plain text field over the same text, for those whom CodeMirror does not serve: some screen readers,
// dictation, old browsers. CodeMirror's state stays what is true; the field shows and changes it.

import type { EditorView } from "@codemirror/view";
import { changedPart } from "./retext";

export class PlainEditor {
  constructor(
    private readonly area: HTMLTextAreaElement,
    private readonly view: EditorView,
  ) {
    area.addEventListener("input", () => {
      view.dispatch({ changes: changedPart(view.state.doc.toString(), area.value), userEvent: "input" });
    });
  }

  get isShown(): boolean {
    return !this.area.hidden;
  }

  /** Where the cursor is, or null: the field is not shown. */
  get cursor(): number | null {
    return this.isShown ? this.area.selectionStart : null;
  }

  show(shown: boolean): void {
    this.area.hidden = !shown;
    this.follow();
  }

  /** Shows the text as it is now. */
  follow(label?: string): void {
    if (label) this.area.setAttribute("aria-label", label);
    const text = this.view.state.doc.toString();
    if (this.isShown && this.area.value !== text) this.area.value = text;
  }

  focus(offset: number): void {
    this.area.focus();
    this.area.setSelectionRange(offset, offset);
  }
}
