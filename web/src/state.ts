// The page's one state and who is told when it changes.

import { AUTO } from "./plan";
import type { Settings } from "./settings";
import type { Action, JobResult, Language, ServerStage, StepKind, StepResult } from "./types";

/**
 * idle → submitting → queued → compiling → waiting_to_run → running → ended
 *        any of these → failed (there is no result; `problem` says why)
 *        submitting ⇄ retrying (the server is busy; `retryAt` says when we ask again)
 */
export type Phase = "idle" | "submitting" | "retrying" | ServerStage | "ended" | "failed";

export interface Run {
  phase: Phase;
  /** What is done instead of running the program. */
  action: Action | null;
  jobId: string | null;
  position: number;
  startedAt: number;
  stageAt: number;
  retryAt: number;
  /** Stop was pressed; the end has not come yet. */
  stopping: boolean;
  /** The connection broke; events are being asked for again. */
  reconnecting: boolean;
  /** stdin can still be sent. */
  stdinOpen: boolean;
  steps: Partial<Record<StepKind, StepResult>>;
  result: JobResult | null;
  problem: string;
}

export interface State {
  image: string;
  languages: Language[];
  language: Language | null;
  /** The current language's choices, complete. */
  options: Record<string, string>;
  /** Names of the program's files, the main one first, and the one in the editor. */
  files: readonly string[];
  file: string;
  /** What Run does: AUTO, "run", "test", "build" or the id of an action. */
  choice: string;
  settings: Settings;
  /** stdin stays open while the program runs. */
  live: boolean;
  away: boolean;
  run: Run;
}

export const idleRun: Run = {
  phase: "idle",
  action: null,
  jobId: null,
  position: 0,
  startedAt: 0,
  stageAt: 0,
  retryAt: 0,
  stopping: false,
  reconnecting: false,
  stdinOpen: false,
  steps: {},
  result: null,
  problem: "",
};

/** Before anything is known of the server, the program and the person. */
export const blankState: Omit<State, "settings"> = {
  image: "",
  languages: [],
  language: null,
  options: {},
  files: [],
  file: "",
  choice: AUTO,
  live: false,
  away: false,
  run: idleRun,
};

const ACTIVE: readonly Phase[] = [
  "submitting",
  "retrying",
  "queued",
  "compiling",
  "waiting_to_run",
  "running",
];

export function isActive(run: Run): boolean {
  return ACTIVE.includes(run.phase);
}

type Listener = (state: State, before: State) => void;

export class Store {
  private current: State;
  private readonly listeners: Listener[] = [];

  constructor(initial: State) {
    this.current = initial;
  }

  get state(): State {
    return this.current;
  }

  update(patch: Partial<State>): void {
    const before = this.current;
    this.current = { ...before, ...patch };
    for (const listener of this.listeners) listener(this.current, before);
  }

  updateRun(patch: Partial<Run>): void {
    this.update({ run: { ...this.current.run, ...patch } });
  }

  /** The listener is told of every change from now on, and once at once. */
  subscribe(listener: Listener): void {
    this.listeners.push(listener);
    listener(this.current, this.current);
  }
}
