// Puts the page together: one store, the views on it, and what they tell each other.

import { AwayError, fetchLanguages } from "./api";
import { Connection } from "./connection";
import { byId, copyText, isMac } from "./dom";
import { Editor } from "./editor";
import { InputView } from "./input";
import { OutputView } from "./output";
import { Runner } from "./runner";
import { startSplit } from "./split";
import { Store, idleRun, isActive } from "./state";
import { StatusView } from "./status";
import { DelayedSave, load, save } from "./storage";
import { startTheme } from "./theme";
import { Toolchain, chosenOptions, versionOf } from "./toolchain";
import type { Language, LanguageList } from "./types";

const store = new Store({
  image: "",
  languages: [],
  language: null,
  options: {},
  live: load("live", false),
  away: false,
  run: idleRun,
});

const textSaver = new DelayedSave(300);
const editor = new Editor({ changed: rememberText, run: () => void runner.start() });
const output = new OutputView((line, column) => editor.goTo(line, column));
const input = new InputView(store, output);
const connection = new Connection(store, () => void loadLanguages());
const runner = new Runner({
  store,
  editor,
  output,
  startText: () => input.startText,
  serverLost: () => connection.lost(),
});

function rememberText(): void {
  const { language } = store.state;
  if (!language) return;
  textSaver.schedule(() => save(`text.${language.id}`, editor.text));
  showReset();
}

function showReset(): void {
  const { language } = store.state;
  byId<HTMLButtonElement>("reset").disabled = !language || editor.text === (language.sample ?? "");
}

function selectLanguage(id: string): void {
  const { languages, language: old } = store.state;
  const language = languages.find((other) => other.id === id) ?? languages[0];
  if (!language || language === old) return;
  textSaver.flush();
  save("language", language.id);
  store.update({ language, options: chosenOptions(language) });
  byId("file-name").textContent = language.main_file;
  input.restore();
  if (old?.id === language.id) return; /* The same language of a newer image: the text stays. */
  const text = load(`text.${language.id}`, language.sample ?? "");
  void editor.open(language.id, text, language.main_file, language.editor ?? "");
  showReset();
}

function takeLanguages(list: LanguageList): void {
  const { language } = store.state;
  store.update({ image: list.image ?? "", languages: list.languages });
  selectLanguage(language?.id ?? load("language", list.languages[0]?.id ?? ""));
  markLanguage();
}

/* The language row is built before the language is chosen. */
function markLanguage(): void {
  const id = store.state.language?.id;
  for (const radio of document.querySelectorAll<HTMLInputElement>('input[name="language"]'))
    radio.checked = radio.value === id;
  const select = document.querySelector<HTMLSelectElement>("#languages select");
  if (select && id) select.value = id;
}

async function loadLanguages(): Promise<void> {
  try {
    const list = await fetchLanguages();
    takeLanguages(list);
    save("languages", list);
  } catch (error) {
    /* Without the server the editor still works, with what was known last time. */
    if (!store.state.languages.length) takeLanguages(load("languages", { languages: [] as Language[] }));
    if (error instanceof AwayError) connection.lost();
    else store.updateRun({ phase: "failed", problem: error instanceof Error ? error.message : String(error) });
  }
}

function startControls(): void {
  const runButton = byId<HTMLButtonElement>("run");
  const stopButton = byId<HTMLButtonElement>("stop");
  const copyButton = byId<HTMLButtonElement>("copy");
  for (const key of document.querySelectorAll(".run-key")) key.textContent = isMac ? "⌘ ↵" : "Ctrl ↵";

  runButton.addEventListener("click", () => void runner.start());
  stopButton.addEventListener("click", () => runner.stop());
  byId("reset").addEventListener("click", () => {
    editor.replace(store.state.language?.sample ?? "");
    editor.focus();
  });
  copyButton.addEventListener("click", () => {
    void copyText(output.copyText()).then((done) => flash(copyButton, done ? "Copied" : "Not allowed"));
  });
  const wrap = byId<HTMLInputElement>("wrap");
  const showWrap = () => byId("output").classList.toggle("unwrapped", !wrap.checked);
  wrap.checked = load("wrap", true);
  wrap.addEventListener("change", () => {
    save("wrap", wrap.checked);
    showWrap();
  });
  showWrap();

  /* In the editor CodeMirror's own keymap has seen the key first and prevented the default. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
    event.preventDefault();
    void runner.start();
  });

  store.subscribe(({ run, language, options }) => {
    runButton.disabled = !language;
    stopButton.disabled = !isActive(run) || run.stopping;
    copyButton.disabled = output.isEmpty;
    document.body.classList.toggle("busy", isActive(run));
    byId("version").textContent = language ? `${language.name} ${versionOf(language, options)}`.trim() : "";
  });
}

function flash(button: HTMLButtonElement, text: string): void {
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  if (before === text) return;
  label.textContent = text;
  window.setTimeout(() => (label.textContent = before), 1500);
}

new StatusView(store);
new Toolchain(store, selectLanguage);
startTheme((dark) => editor.setDark(dark));
startSplit();
startControls();
void loadLanguages();
