// What Run does: what the visitor chose, or what the program's text asks for.

import type { State } from "./state";
import type { Action, Condition, Language, SourceFile } from "./types";

export const AUTO = "auto";

export interface Plan {
  /** the button's word */
  label: string;
  /** what the job's request says besides the choices in the panel */
  options: Record<string, string>;
  compileOnly: boolean;
  action: Action | null;
}

const MAIN = /^\s*(pub(\([^)]*\))?\s+)?((const|async|unsafe|extern\s+"C")\s+)*fn\s+main\s*(<[^>]*>)?\s*\(/m;
const TEST = /^\s*#\s*\[\s*(\w+\s*::\s*)*test\b[^\]]*\]/m;
const CRATE_TYPE = /^\s*#!\s*\[\s*crate_type\s*=\s*"([\w-]+)"\s*\]/m;

/* Languages whose options say so can be built as a library and tested: Rust, that is. */
function isTestable({ options }: Language): boolean {
  return Boolean(options?.["tests"] && options["crate_type"]);
}

function isUsual(state: State, name: string): boolean {
  return state.options[name] === state.language?.options?.[name]?.default;
}

function crateTypeOf(language: Language, text: string): Record<string, string> {
  const said = CRATE_TYPE.exec(text)?.[1];
  const type = said ?? (MAIN.test(text) ? "" : "lib");
  return language.options?.["crate_type"]?.values.includes(type) ? { crate_type: type } : {};
}

function holds(condition: Condition, options: Record<string, string>): boolean {
  return Object.entries(condition).every(([name, wanted]) => [wanted].flat().includes(options[name] ?? ""));
}

/** Why the image cannot do it with these options, or undefined. */
export function refusalOf({ unavailable, refuse }: Action, options: Record<string, string>): string | undefined {
  return unavailable ?? refuse?.find(({ when }) => [when].flat().some((one) => holds(one, options)))?.sentence;
}

const run: Plan = { label: "Run", options: {}, compileOnly: false, action: null };
const test: Plan = { ...run, label: "Test", options: { tests: "true" } };

function build(language: Language, text: string): Plan {
  return { ...run, label: "Build", options: isTestable(language) ? crateTypeOf(language, text) : {}, compileOnly: true };
}

/* A program is run; else its tests are, or it is built as the library it then is. */
function automatic(state: State, language: Language, text: string): Plan {
  if (!isTestable(language) || !isUsual(state, "tests") || !isUsual(state, "crate_type")) {
    if (state.options["tests"] === "true") return test;
    return state.options["crate_type"] && !isUsual(state, "crate_type") ? { ...run, label: "Build" } : run;
  }
  const said = CRATE_TYPE.exec(text)?.[1];
  if (MAIN.test(text) && (said === undefined || said === "bin")) return run;
  return TEST.test(text) ? test : build(language, text);
}

/** What there is to choose from besides AUTO, in order; the actions of the image come after. */
export function waysToRun(language: Language): { id: string; name: string }[] {
  return [
    { id: "run", name: "Run" },
    ...(isTestable(language) ? [{ id: "test", name: "Test" }] : []),
    ...(language.compile ? [{ id: "build", name: "Build" }] : []),
  ];
}

/** The plan for a choice; of an action that cannot be had, or is not known, the automatic one. */
export function planFor(state: State, choice: string, files: readonly SourceFile[]): Plan {
  const { language } = state;
  if (!language) return run;
  const text = files[0]?.text ?? "";
  const action = language.actions?.find(({ id }) => id === choice);
  if (action && refusalOf(action, state.options) === undefined) {
    const options = isTestable(language) && action.result === "text" ? crateTypeOf(language, text) : {};
    return { label: action.name, options: isUsual(state, "crate_type") ? options : {}, compileOnly: false, action };
  }
  if (choice === "run") return run;
  if (choice === "test" && isTestable(language)) return test;
  if (choice === "build" && language.compile) return build(language, text);
  return automatic(state, language, text);
}
