// Puts the page together: one store, the views on it, and what they tell each other.

import { openAddress, readAddress } from "./address";
import { AsmLinks } from "./asm-links";
import { AwayError, fetchLanguages } from "./api";
import { showKeys, startCommands } from "./commands";
import { Connection } from "./connection";
import { startControls } from "./controls";
import { useCrate } from "./crates";
import { byId } from "./dom";
import { Editor } from "./editor";
import { fixList } from "./fixes";
import { InputView } from "./input";
import { startLayout } from "./layout";
import { OutputView } from "./output";
import { pageCommands } from "./page-commands";
import { AUTO } from "./plan";
import { Programs } from "./programs";
import { Project } from "./project";
import { remember } from "./recent";
import { resultTaker } from "./results";
import { Runner } from "./runner";
import { usualSettings } from "./settings";
import { openSettings } from "./settings-dialog";
import { openShare } from "./share";
import { startSplit } from "./split";
import { Store, blankState, idleRun } from "./state";
import { StatusView } from "./status";
import { load, loadForTab, save, saveForTab } from "./storage";
import { Tabs } from "./tabs";
import { Theme } from "./theme";
import { Toolchain, chosenOptions } from "./toolchain";
import { Tools } from "./tools";
import type { Language, LanguageList, SourceFile } from "./types";

const store = new Store({
  ...blankState,
  settings: { ...usualSettings, ...load("settings", {}) },
  live: load("live", false),
});

const links = new AsmLinks(store, () => editor, (file) => project.showFile(file));
const editor: Editor = new Editor(
  {
    changed: () => {
      project.changed();
      tools.follow();
    },
  },
  links.sourceExtension,
);
const project = new Project(store, editor);
const output = new OutputView((file, line, column) => {
  project.showFile(file);
  editor.goTo(line, column);
});
const input = new InputView(store, output);
const connection = new Connection(store, () => void loadLanguages());
const runner = new Runner({
  store,
  editor,
  output,
  startText: () => input.startText,
  takeResult: resultTaker(editor, output, links),
  showDiagnostics: (diagnostics) => {
    const list = fixList(editor, diagnostics, (file) => project.showFile(file));
    if (list) output.add(list, "before");
  },
  serverLost: () => connection.lost(),
  remember,
});
const tools = new Tools(store, () => editor.files, (choice) => void runner.start(choice));
const toolchain = new Toolchain(store, selectLanguage, (crate) => useCrate(editor, crate, store.state.file));
const tabs = new Tabs(store, project, () => editor.focus());
const theme = new Theme((dark) => editor.setDark(dark));
const programs = new Programs(store, byId("programs-button"), byId("programs-menu"), {
  open: (language, files) => openProgram(language, files),
});

function openProgram(language: string, files: readonly SourceFile[]): void {
  selectLanguage(language);
  project.replace(files);
  editor.focus();
}

function selectLanguage(id: string): void {
  const { languages, language: old } = store.state;
  const language = languages.find((other) => other.id === id) ?? languages[0];
  if (!language || language === old) return;
  project.flush();
  save("language", language.id);
  store.update({ language, options: chosenOptions(language), choice: load(`choice.${language.id}`, AUTO) });
  toolchain.showLanguage(language.id);
  input.restore();
  if (old?.id !== language.id) project.restore(language); /* else the same of a newer image: the text stays */
  tools.follow();
}

function takeLanguages(list: LanguageList): void {
  const { language } = store.state;
  store.update({ image: list.image ?? "", languages: list.languages });
  selectLanguage(language?.id ?? load("language", list.languages[0]?.id ?? ""));
  toolchain.showLanguage(store.state.language?.id ?? "");
}

/* Once in a tab, so that reloading it does not undo what was edited since. */
async function followAddress(): Promise<void> {
  if (loadForTab("address") === location.search) return;
  const opened = await openAddress(readAddress(location.search), store.state.languages);
  if (opened) {
    selectLanguage(opened.language.id);
    store.update({ options: { ...store.state.options, ...opened.options } });
    if (opened.files) project.replace(opened.files);
  }
  saveForTab("address", location.search);
}

function tell(problem: string): void {
  store.updateRun({ ...idleRun, phase: "failed", problem });
}

async function loadLanguages(): Promise<void> {
  try {
    const list = await fetchLanguages();
    takeLanguages(list);
    save("languages", list);
    await followAddress();
  } catch (error) {
    /* Without the server the editor still works, with what was known last time. */
    if (!store.state.languages.length) takeLanguages(load("languages", { languages: [] as Language[] }));
    if (error instanceof AwayError) connection.lost();
    else tell(error instanceof Error ? error.message : String(error));
  }
}

function share(): void {
  const { language, options } = store.state;
  if (!language) return;
  const files = editor.files.map(({ name, text }) => ({ name, content: text }));
  openShare({ language: language.id, files, options }, () => connection.lost());
}

const settings = () => openSettings(store, { choice: theme.choice, set: (choice) => theme.set(choice) });
const commands = pageCommands({ store, editor, runner, tools, toolchain, tabs, theme, programs, links, share, settings });

new StatusView(store);
startLayout(store, startSplit());
startControls({ store, editor, output, runner, share, settings, keys: () => showKeys(commands) });
startCommands(commands);
void loadLanguages();
