// What the server's API speaks (docs/http.md, docs/manifest.md).

export interface LanguageOption {
  values: string[];
  default: string;
  label?: string;
  /** the actions that alone heed it; absent: running does too */
  actions?: string[];
  /** value, in `values` or not → why this image cannot give it */
  unavailable?: Record<string, string>;
}

export interface Crate {
  name: string;
  version: string;
  id: string;
  /** "audited" or "exempted: unreviewed" */
  vetting?: string;
}

export interface Channel {
  rustc?: { version: string; hash?: string; date?: string };
  crates?: Crate[];
  /** of all crates of the set, those that come along too */
  vetting?: { audited: number; exempted: number };
}

/** Option → the value it has, or one of those. */
export type Condition = Record<string, string | string[]>;

/** Something other than running that an image can do with a program: show its assembly, format it, … */
export interface Action {
  id: string;
  name: string;
  result: "text" | "files" | "messages";
  /** of a text result: which syntax it is highlighted as */
  syntax?: string;
  /** the language's options it heeds */
  options?: string[];
  /** a few words about it */
  note?: string;
  /** with which options it cannot be had, and why */
  refuse?: { when: Condition | Condition[]; sentence: string }[];
  /** why this image cannot do it */
  unavailable?: string;
}

export interface Language {
  id: string;
  name: string;
  aliases?: string[];
  version?: string;
  main_file: string;
  editor?: string;
  sample?: string;
  options?: Record<string, LanguageOption>;
  channels?: Record<string, Channel>;
  compile?: unknown;
  actions?: Action[];
  /** whether what its compiler says can be had as data too */
  diagnostics?: boolean;
}

export interface SourceFile {
  name: string;
  text: string;
}

export interface LanguageList {
  image?: string;
  languages: Language[];
}

export interface JobRequest {
  language: string;
  files: { name: string; content: string }[];
  options: Record<string, string>;
  stdin?: string;
  interactive?: boolean;
  compile_only?: boolean;
  action?: string;
  diagnostics?: boolean;
}

export type StepKind = "compile" | "run" | "action";
export type StreamName = "stdout" | "stderr" | "stdin";
export type ServerStage = "queued" | "compiling" | "waiting_to_run" | "running";

export interface StepResult {
  step: StepKind;
  outcome: string;
  sentence: string;
  exit_code: number | null;
  signal: number | null;
  signal_name?: string | null;
  wall_usec: number;
  user_usec: number;
  system_usec: number;
  memory_peak_bytes: number;
  truncated: unknown;
  /** the compiler was not run: the same was compiled before */
  cached?: boolean;
  carried?: boolean;
}

export interface JobResult extends Omit<StepResult, "step"> {
  queued_usec: number;
  total_usec: number;
  steps: StepResult[];
  /** what an action made, by its `result` */
  text?: string;
  text_truncated?: boolean;
  /** of assembly: for each line which of the files that were sent, from 0, and which line there */
  lines?: ([number, number] | null)[];
  /** an action's, or what a program left */
  files?: (MadeFile | LeftFile)[];
  files_left_out?: number;
}

/** One of the request's files, anew. */
export interface MadeFile {
  name: string;
  content: string;
}

/** A file that a program left, to be fetched. */
export interface LeftFile {
  name: string;
  type: string;
  bytes: number;
  url: string;
}

/** A place in a file: lines and columns from 1, columns in Unicode scalar values, the end exclusive. */
export interface Range {
  line: number;
  column: number;
  end_line: number;
  end_column: number;
}

export interface Edit extends Range {
  file: string;
  text: string;
}

export interface Fix {
  message: string;
  applicability?: string;
  edits: Edit[];
}

export interface Diagnostic extends Range {
  severity: "error" | "warning" | "note" | "help";
  message: string;
  code?: string;
  file: string;
  fixes?: Fix[];
}

export type JobEvent =
  | { type: "state"; state: ServerStage; position?: number }
  | { type: "output"; step: StepKind; stream: "stdout" | "stderr"; text: string }
  | ({ type: "diagnostic" } & Diagnostic)
  | ({ type: "step" } & StepResult)
  | ({ type: "result" } & JobResult);

export interface SnippetRequest {
  language: string;
  files: { name: string; content: string }[];
  options: Record<string, string>;
  expires_sec?: number;
}

export interface Snippet {
  language: string;
  code?: string;
  files?: { name?: string; content: string }[];
  options?: Record<string, string>;
}

export interface StoredSnippet {
  id: string;
  url?: string;
  delete_token?: string;
}

/** Whether something was cut: true, or an object with a true in it. */
export function isTruncated(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(isTruncated);
  return value === true;
}
