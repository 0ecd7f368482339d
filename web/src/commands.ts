// What can be done by key, everywhere on the page: one table, from which keys are heard and the list of
// them is shown.

import { openDialog } from "./dialog";
import { el, isMac } from "./dom";

export interface Command {
  id: string;
  name: string;
  /** KeyboardEvent.code, or `key` for keys that are not letters, after "Mod+", "Alt+", "Shift+" */
  key: string;
  run: () => void;
}

const NAMES: Record<string, string> = { Enter: "↵", PageUp: "PgUp", PageDown: "PgDn" };

/** The key as people know it: "Ctrl ↵", "⌥ ⇧ F". */
export function keyName(key: string): string {
  return key
    .split("+")
    .map((part) => {
      if (part === "Mod") return isMac ? "⌘" : "Ctrl";
      if (part === "Alt") return isMac ? "⌥" : "Alt";
      if (part === "Shift") return isMac ? "⇧" : "Shift";
      return NAMES[part] ?? part.replace(/^Key/, "");
    })
    .join(" ");
}

function isPressed(event: KeyboardEvent, key: string): boolean {
  const parts = key.split("+");
  const last = parts[parts.length - 1];
  const mod = isMac ? event.metaKey || event.ctrlKey : event.ctrlKey || event.metaKey;
  return (
    (event.code === last || event.key === last) &&
    mod === parts.includes("Mod") &&
    event.altKey === parts.includes("Alt") &&
    event.shiftKey === parts.includes("Shift")
  );
}

/** Hears the commands' keys before the editor does, unless a dialog is open. */
export function startCommands(commands: readonly Command[]): void {
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.repeat || event.isComposing) return;
      const command = commands.find(({ key }) => isPressed(event, key));
      if (!command || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      event.stopPropagation();
      command.run();
    },
    { capture: true },
  );
}

const IN_THE_EDITOR: [string, string][] = [
  ["Mod+Z", "Undo"],
  ["Mod+F", "Find and replace"],
  ["Alt+G", "Go to a line"],
  ["Mod+/", "Comment lines out or in"],
  ["Mod+D", "Select the next occurrence too"],
  ["Alt+↑", "Move the line up"],
  ["F8", "Next problem"],
  ["Mod+Shift+M", "List of problems and fixes"],
  ["Escape", "then Tab: leave the editor"],
];

export function showKeys(commands: readonly Command[]): void {
  const rows = (list: [string, string][]) =>
    list.map(([key, name]) => el("div", {}, el("dt", {}, el("kbd", {}, keyName(key))), el("dd", {}, name)));
  openDialog(
    "Keys",
    "keys",
    el("h3", {}, "Everywhere"),
    el("dl", { class: "keys" }, ...rows(commands.map(({ key, name }) => [key, name]))),
    el("h3", {}, "In the editor"),
    el("dl", { class: "keys" }, ...rows(IN_THE_EDITOR)),
  );
}
