// What the server's API speaks (docs/http.md, docs/manifest.md).

export interface LanguageOption {
  values: string[];
  default: string;
  label?: string;
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
}

export interface LanguageList {
  image?: string;
  languages: Language[];
}

export interface JobRequest {
  language: string;
  code: string;
  options: Record<string, string>;
  stdin?: string;
  interactive?: boolean;
}

export type StepKind = "compile" | "run";
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
}

export interface JobResult extends Omit<StepResult, "step"> {
  queued_usec: number;
  total_usec: number;
  steps: StepResult[];
}

export type JobEvent =
  | { type: "state"; state: ServerStage; position?: number }
  | { type: "output"; step: StepKind; stream: "stdout" | "stderr"; text: string }
  | ({ type: "step" } & StepResult)
  | ({ type: "result" } & JobResult);

/** Whether something was cut: true, or an object with a true in it. */
export function isTruncated(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(isTruncated);
  return value === true;
}
