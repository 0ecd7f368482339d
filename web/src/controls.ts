// The buttons of the page's top and of the output pane, and the settings that touch the editor.

import { keyName } from "./commands";
import { byId, copyText } from "./dom";
import type { Editor } from "./editor";
import type { OutputView } from "./output";
import type { Runner } from "./runner";
import { isActive } from "./state";
import type { Store } from "./state";
import { versionOf } from "./crates";

interface Parts {
  store: Store;
  editor: Editor;
  output: OutputView;
  runner: Runner;
  share: () => void;
  settings: () => void;
  keys: () => void;
}

function flash(button: HTMLButtonElement, text: string): void {
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  if (before === text) return;
  label.textContent = text;
  window.setTimeout(() => (label.textContent = before), 1500);
}

function startEditorSettings(store: Store, editor: Editor): void {
  store.subscribe((state, before) => {
    if (state !== before && state.settings === before.settings) return;
    if (state === before || state.settings.keys !== before.settings.keys) void editor.setKeys(state.settings.keys);
    editor.setPlain(state.settings.plain);
    editor.remeasure();
  });
}

export function startControls({ store, editor, output, runner, share, settings, keys }: Parts): void {
  const button = (id: string) => byId<HTMLButtonElement>(id);
  for (const key of document.querySelectorAll(".run-key")) key.textContent = keyName("Mod+Enter");

  button("run").addEventListener("click", () => void runner.start());
  button("stop").addEventListener("click", () => runner.stop());
  button("share").addEventListener("click", share);
  button("settings").addEventListener("click", settings);
  button("keys").addEventListener("click", keys);
  button("copy").addEventListener("click", () => {
    void copyText(output.copyText()).then((done) => flash(button("copy"), done ? "Copied" : "Not allowed"));
  });
  startEditorSettings(store, editor);

  store.subscribe(({ run, language, options }) => {
    button("run").disabled = button("share").disabled = !language;
    button("stop").disabled = !isActive(run) || run.stopping;
    button("copy").disabled = output.isEmpty;
    document.body.classList.toggle("busy", isActive(run));
    byId("version").textContent = language ? `${language.name} ${versionOf(language, options)}`.trim() : "";
  });
}
