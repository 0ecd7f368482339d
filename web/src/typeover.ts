// Typing over a selection, done by us. Chromium, left to it, keeps the selection's look with a style
// attribute on the new text; the page's policy refuses that, with a complaint on the console each time.

import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

export function typeOver(): Extension {
  return EditorView.domEventHandlers({
    beforeinput(event, view) {
      const { main } = view.state.selection;
      const text = event.data;
      if (event.inputType !== "insertText" || event.isComposing || view.composing) return false;
      if (!text || main.empty || view.state.readOnly) return false;
      event.preventDefault();
      const insert = () =>
        view.state.update(view.state.replaceSelection(text), {
          userEvent: "input.type",
          scrollIntoView: true,
        });
      /* Others may want it first: closing brackets put themselves around a selection. */
      const handlers = view.state.facet(EditorView.inputHandler);
      if (!handlers.some((handler) => handler(view, main.from, main.to, text, insert)))
        view.dispatch(insert());
      return true;
    },
  });
}
