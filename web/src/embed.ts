// The page in a frame of another site (/embed): a program, Run, and its output. The program comes with the
// address, or from the page around it by a message; either is text in the editor and nothing more.

import { openAddress, readAddress } from "./address";
import { fetchLanguages } from "./api";
import { byId } from "./dom";
import { Editor } from "./editor";
import { OutputView } from "./output";
import { planFor } from "./plan";
import { resultTaker } from "./results";
import { Runner } from "./runner";
import { usualSettings } from "./settings";
import { Store, blankState, isActive } from "./state";
import { StatusView } from "./status";
import { chosenOptions } from "./toolchain";
import type { Opened } from "./address";
import type { Language } from "./types";

const store = new Store({
  ...blankState,
  settings: usualSettings,
});

const editor: Editor = new Editor({ changed: () => follow() });
const output = new OutputView((file, line, column) => {
  editor.show(file);
  editor.goTo(line, column);
});
const runner = new Runner({
  store,
  editor,
  output,
  startText: () => "",
  takeResult: resultTaker(editor, output, null),
  showDiagnostics: () => undefined,
  serverLost: () => undefined,
  remember: () => undefined,
});

const label = byId("run-label");
const link = byId<HTMLAnchorElement>("whole-page");
const result = document.querySelector<HTMLElement>(".embed-result")!;

function follow(): void {
  const { state } = store;
  const { files } = editor;
  label.textContent = planFor(state, state.choice, files).label;
  const query = new URLSearchParams(location.search);
  if (!query.has("gist") && !query.has("snippet")) {
    query.set("code", files[0]?.text ?? "");
    query.set("language", state.language?.id ?? "");
  }
  link.href = `/?${query.toString()}`;
}

function show({ language, files, options }: Opened): void {
  const program = files ?? [{ name: language.main_file, text: language.sample ?? "" }];
  const names = program.map(({ name }) => name);
  store.update({ language, options: { ...chosenOptions(language), ...options }, files: names, file: names[0]! });
  void editor.open(program, names[0]!, language.editor ?? "", {}).then(tellHeight);
  document.body.classList.add("ready");
  follow();
}

/* The page around makes the frame as high as what is in it. */
function tellHeight(): void {
  const height = Math.ceil(byId("panes").getBoundingClientRect().height);
  if (window.parent !== window) window.parent.postMessage({ type: "sandlot.height", height }, "*");
}

interface ProgramMessage {
  type: "sandlot.program";
  language: string;
  code: string;
  options?: Record<string, string>;
  run?: boolean;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/* The page around is another's: what it sends is the one message there is, with what belongs there, or nothing. */
function isProgram(data: unknown): data is ProgramMessage {
  if (!isObject(data) || data["type"] !== "sandlot.program") return false;
  const { language, code, options = {}, run = false } = data;
  return (
    typeof language === "string" &&
    typeof code === "string" &&
    typeof run === "boolean" &&
    isObject(options) &&
    Object.values(options).every((value) => typeof value === "string")
  );
}

/* Only the page around is heard; which one that may be, the server's frame-ancestors say. */
function listen(languages: readonly Language[]): void {
  window.addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
    if (source !== window.parent || !isProgram(data)) return;
    const { language, code, options = {}, run = false } = data;
    openAddress({ language, code, snippet: "", options }, languages).then(
      (opened) => {
        if (opened) show(opened);
        if (opened && run) void runner.start();
      },
      (error: unknown) => tell(error),
    );
  });
  if (window.parent !== window) window.parent.postMessage({ type: "sandlot.ready" }, "*");
}

function tell(error: unknown): void {
  document.body.classList.add("ready");
  store.updateRun({ phase: "failed", problem: error instanceof Error ? error.message : String(error) });
}

async function start(): Promise<void> {
  const { languages } = await fetchLanguages();
  store.update({ languages });
  const [first] = languages;
  if (!first) throw new Error("This server has no language.");
  show((await openAddress(readAddress(location.search), languages)) ?? { language: first, files: null, options: {} });
  listen(languages);
}

const dark = document.documentElement.dataset["theme"] === "dark";
editor.setDark(dark);
byId("run").addEventListener("click", () => void runner.start());
byId("stop").addEventListener("click", () => runner.stop());
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    void runner.start();
  },
  { capture: true },
);
store.subscribe(({ run, language }) => {
  byId<HTMLButtonElement>("run").disabled = !language;
  byId<HTMLButtonElement>("stop").disabled = !isActive(run) || run.stopping;
  result.hidden = run.phase === "idle" || run.phase === "failed";
  document.body.classList.toggle("busy", isActive(run));
});
new StatusView(store);
new ResizeObserver(tellHeight).observe(byId("panes"));
start().catch(tell);
