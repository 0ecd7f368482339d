// What can be done by key on the page.

import { showKeys } from "./commands";
import type { Command } from "./commands";
import { byId } from "./dom";
import type { AsmLinks } from "./asm-links";
import type { Editor } from "./editor";
import { refusalOf } from "./plan";
import type { Programs } from "./programs";
import type { Runner } from "./runner";
import type { Store } from "./state";
import type { Tabs } from "./tabs";
import type { Theme } from "./theme";
import type { Toolchain } from "./toolchain";
import type { Tools } from "./tools";

interface Parts {
  store: Store;
  editor: Editor;
  runner: Runner;
  tools: Tools;
  toolchain: Toolchain;
  tabs: Tabs;
  theme: Theme;
  programs: Programs;
  links: AsmLinks;
  share: () => void;
  settings: () => void;
}

function canDo(store: Store, id: string): boolean {
  const { language, options } = store.state;
  return language?.actions?.some((action) => action.id === id && !refusalOf(action, options)) ?? false;
}

function showInput(): void {
  byId<HTMLDetailsElement>("input").open = true;
  byId("stdin").focus();
}

function showLanguages(): void {
  byId("languages").querySelector<HTMLElement>("input:checked, select")?.focus();
}

export function pageCommands({ store, editor, runner, tools, toolchain, tabs, theme, programs, links, share, settings }: Parts): Command[] {
  const doIfItCan = (id: string) => () => void (canDo(store, id) && runner.start(id));
  const commands: Command[] = [
    { id: "run", name: "Run, or what the button says", key: "Mod+Enter", run: () => void runner.start() },
    { id: "stop", name: "Stop", key: "Mod+.", run: () => runner.stop() },
    { id: "tools", name: "What else to do with the program", key: "Alt+Shift+KeyM", run: () => tools.open() },
    { id: "format", name: "Format", key: "Alt+Shift+KeyF", run: doIfItCan("format") },
    { id: "share", name: "Share", key: "Alt+Shift+KeyS", run: share },
    { id: "languages", name: "Language", key: "Alt+Shift+KeyL", run: showLanguages },
    { id: "options", name: "Options and crates", key: "Alt+Shift+KeyO", run: () => toolchain.open() },
    { id: "file-add", name: "New file", key: "Alt+Shift+KeyN", run: () => tabs.ask(null) },
    { id: "file-rename", name: "Rename the file", key: "Alt+Shift+KeyR", run: () => tabs.ask(store.state.file) },
    { id: "file-next", name: "Next file", key: "Alt+PageDown", run: () => tabs.step(1) },
    { id: "file-previous", name: "Previous file", key: "Alt+PageUp", run: () => tabs.step(-1) },
    { id: "editor", name: "To the editor", key: "Alt+Shift+KeyE", run: () => editor.focus() },
    { id: "output", name: "To the output", key: "Alt+Shift+KeyU", run: () => byId("output").focus() },
    { id: "linked", name: "From a line to its assembly, or back", key: "Alt+Shift+KeyA", run: () => links.jump() },
    { id: "input", name: "To the program’s input", key: "Alt+Shift+KeyI", run: showInput },
    { id: "recent", name: "Recent programs", key: "Alt+Shift+KeyH", run: () => programs.openRecent() },
    { id: "theme", name: "Light or dark", key: "Alt+Shift+KeyT", run: () => theme.toggle() },
    { id: "settings", name: "Settings", key: "Mod+,", run: settings },
    { id: "keys", name: "This list", key: "F1", run: () => showKeys(commands) },
  ];
  return commands;
}
