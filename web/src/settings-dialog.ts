// The settings dialog. What is changed holds at once.

import { openDialog } from "./dialog";
import { el } from "./dom";
import { FONT_SIZES } from "./settings";
import type { Settings } from "./settings";
import type { Store } from "./state";
import { save } from "./storage";
import type { ThemeChoice } from "./theme";

type Choices = [string, string][];

function choice(label: string, name: string, choices: Choices, value: string, take: (value: string) => void): HTMLElement {
  const segments = choices.map(([id, text]) => {
    const radio = el("input", { type: "radio", name, value: id, checked: id === value });
    radio.addEventListener("change", () => take(id));
    return el("label", { class: "segment" }, radio, el("span", {}, text));
  });
  return el("fieldset", {}, el("legend", {}, label), el("div", { class: "segments" }, ...segments));
}

function toggle(label: string, hint: string, value: boolean, take: (value: boolean) => void): HTMLElement {
  const box = el("input", { type: "checkbox", checked: value });
  box.addEventListener("change", () => take(box.checked));
  return el("label", { class: "switch" }, box, el("span", {}, label, el("small", {}, hint)));
}

export function openSettings(store: Store, theme: { choice: ThemeChoice; set: (choice: ThemeChoice) => void }): void {
  const { settings } = store.state;
  const set = (patch: Partial<Settings>): void => {
    const next = { ...store.state.settings, ...patch };
    save("settings", next);
    store.update({ settings: next });
  };
  const sizes = el("select", { class: "field" }, ...FONT_SIZES.map((size) =>
    el("option", { value: size, selected: size === settings.fontSize }, `${size} px`),
  ));
  sizes.addEventListener("change", () => set({ fontSize: Number(sizes.value) }));
  openDialog(
    "Settings",
    "settings",
    choice("Theme", "theme", [["system", "System"], ["light", "Light"], ["dark", "Dark"]], theme.choice, (value) =>
      theme.set(value as ThemeChoice),
    ),
    choice("Keys", "keys", [["usual", "Usual"], ["vim", "Vim"], ["emacs", "Emacs"]], settings.keys, (value) =>
      set({ keys: value as Settings["keys"] }),
    ),
    choice(
      "Editor and output",
      "layout",
      [["auto", "As fits"], ["columns", "Side by side"], ["rows", "Stacked"]],
      settings.layout,
      (value) => set({ layout: value as Settings["layout"] }),
    ),
    el("label", { class: "setting" }, el("span", {}, "Size of code and output"), sizes),
    toggle("Wrap long lines of output", "Else the output scrolls sideways.", settings.wrap, (wrap) => set({ wrap })),
    toggle("Plain text field", "Instead of the editor: for dictation, and screen readers that prefer it.", settings.plain, (plain) =>
      set({ plain }),
    ),
    el("a", { class: "fine", href: "/licences.txt", target: "_blank", rel: "noopener" }, "Licences of what this page contains"),
  );
}
