// Takes one job from Run to its result. Only the newest run may touch the page: each has an AbortController,
// and what arrives for an aborted one is dropped.

import { ApiError, AwayError, jobEvents, killJob, submitJob } from "./api";
import type { Editor } from "./editor";
import { findDiagnostics } from "./locations";
import type { OutputView } from "./output";
import { idleRun, isActive } from "./state";
import type { Run, Store } from "./state";
import type { JobEvent, JobRequest, JobResult } from "./types";

const BUSY_TRIES = 6;
const JOIN_TRIES = 6;

interface Parts {
  store: Store;
  editor: Editor;
  output: OutputView;
  startText: () => string;
  serverLost: () => void;
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      reject(new DOMException("aborted", "AbortError"));
    });
  });
}

export class Runner {
  private current: AbortController | null = null;

  constructor(private readonly parts: Parts) {
    window.addEventListener("pagehide", () => {
      const { run } = this.parts.store.state;
      if (run.jobId && isActive(run)) killJob(run.jobId, true).catch(() => undefined);
    });
  }

  /** Starts a run; one that is under way is stopped. */
  async start(): Promise<void> {
    const { store, editor, output } = this.parts;
    const { language, options, live } = store.state;
    if (!language) return;
    this.abandon();
    const control = new AbortController();
    this.current = control;
    const now = performance.now();
    const stdin = this.parts.startText();
    const job: JobRequest = { language: language.id, code: editor.text, options };
    if (stdin) job.stdin = stdin;
    if (live) job.interactive = true;

    output.reset(language.main_file);
    editor.mark([]);
    store.update({
      run: { ...idleRun, phase: "submitting", startedAt: now, stageAt: now, stdinOpen: live },
    });
    try {
      const id = await this.submit(job, control.signal);
      if (id) await this.follow(id, language.main_file, control.signal);
    } catch (error) {
      if (!control.signal.aborted) this.fail(error);
    }
  }

  /** Stops the run under way; its result then says so. */
  stop(): void {
    const { store } = this.parts;
    const { run } = store.state;
    if (!isActive(run)) return;
    if (run.phase === "retrying") {
      this.abandon();
      store.update({ run: { ...idleRun } });
      return;
    }
    store.updateRun({ stopping: true });
    if (run.jobId) killJob(run.jobId).catch((error: unknown) => this.killFailed(error));
  }

  private killFailed(error: unknown): void {
    if (error instanceof AwayError) this.parts.serverLost();
    this.parts.store.updateRun({ stopping: false });
  }

  private abandon(): void {
    const { run } = this.parts.store.state;
    if (run.jobId && isActive(run)) killJob(run.jobId).catch(() => undefined);
    this.current?.abort();
    this.current = null;
  }

  private async submit(job: JobRequest, signal: AbortSignal): Promise<string | null> {
    const { store } = this.parts;
    for (let tries = 1; ; tries++) {
      try {
        /* Not aborted by a newer run: then the job's id would be lost and nobody could end it. */
        const id = await submitJob(job, new AbortController().signal);
        if (signal.aborted) {
          killJob(id).catch(() => undefined);
          return null;
        }
        store.updateRun({ jobId: id });
        if (store.state.run.stopping) killJob(id).catch((error: unknown) => this.killFailed(error));
        return id;
      } catch (error) {
        const busy = error instanceof ApiError && error.status === 429;
        if (!busy || signal.aborted || tries === BUSY_TRIES || store.state.run.stopping) throw error;
        /* A little apart from each other, so that a room that was refused does not come back as one. */
        const wait = ((error.retryAfter ?? 1) + Math.random()) * 1000;
        store.updateRun({ phase: "retrying", retryAt: performance.now() + wait });
        await sleep(wait, signal);
        store.updateRun({ phase: "submitting", stageAt: performance.now() });
      }
    }
  }

  /* The stream starts from the first event each time, so after a break everything is shown anew. */
  private async follow(id: string, file: string, signal: AbortSignal): Promise<void> {
    const { store, output } = this.parts;
    for (let tries = 1; ; tries++) {
      let cause: unknown = null;
      try {
        for await (const event of jobEvents(id, signal)) {
          if (signal.aborted) return;
          if (store.state.run.reconnecting) {
            output.reset(file);
            store.updateRun({ reconnecting: false, steps: {} });
          }
          this.take(event, file);
          if (event.type === "result") return;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError) throw this.explain(error);
        cause = error;
      }
      if (tries === JOIN_TRIES) throw cause ?? new AwayError("The connection to the server was lost.");
      store.updateRun({ reconnecting: true });
      await sleep(Math.min(500 * 2 ** (tries - 1), 5000), signal);
    }
  }

  private explain(error: ApiError): Error {
    if (error.status !== 404) return error;
    return new Error("The server was restarted and no longer knows this run. Run it again.");
  }

  private take(event: JobEvent, file: string): void {
    const { store, output } = this.parts;
    switch (event.type) {
      case "state": {
        const changed = event.state !== store.state.run.phase;
        const patch: Partial<Run> = { phase: event.state, position: event.position ?? 0 };
        store.updateRun(changed ? { ...patch, stageAt: performance.now() } : patch);
        break;
      }
      case "output":
        output.write(event.step, event.stream, event.text);
        break;
      case "step":
        store.updateRun({ steps: { ...store.state.run.steps, [event.step]: event } });
        break;
      case "result":
        this.end(event, file);
        break;
    }
  }

  private end(result: JobResult, file: string): void {
    const { store, editor, output } = this.parts;
    const failedToCompile = result.steps.length > 0 && result.steps.every(({ step }) => step === "compile");
    const nothing = !output.raw("run", ["stdout", "stderr"]) && !failedToCompile;
    output.finish(
      nothing && result.outcome === "exited" ? "The program printed nothing." : "",
      failedToCompile && result.exit_code !== 0,
    );
    editor.mark([
      ...findDiagnostics(output.raw("compile", ["stdout", "stderr"]), file),
      ...findDiagnostics(output.raw("run", ["stderr"]), file),
    ]);
    store.updateRun({ phase: "ended", result, stopping: false, stdinOpen: false });
  }

  private fail(error: unknown): void {
    const { store, serverLost } = this.parts;
    if (error instanceof AwayError) serverLost();
    const problem = error instanceof Error ? error.message : String(error);
    store.updateRun({ phase: "failed", problem, stopping: false, reconnecting: false, stdinOpen: false });
  }
}
