// Takes one job from Run to its result. Only the newest run may touch the page: each has an AbortController,
// and what arrives for an aborted one is dropped.

import { ApiError, AwayError, jobEvents, killJob, submitJob } from "./api";
import type { Editor } from "./editor";
import { leftFilesView } from "./left-files";
import { findDiagnostics } from "./locations";
import type { OutputView } from "./output";
import { planFor } from "./plan";
import type { Plan } from "./plan";
import { idleRun, isActive } from "./state";
import type { Run, Store } from "./state";
import type { Action, Diagnostic, JobEvent, JobRequest, JobResult, SourceFile } from "./types";

const BUSY_TRIES = 6;
const JOIN_TRIES = 6;

interface Parts {
  store: Store;
  editor: Editor;
  output: OutputView;
  startText: () => string;
  /** Shows or takes in what an action made of these files; gives a sentence about it, or "". */
  takeResult: (action: Action, result: JobResult, sent: readonly SourceFile[]) => string;
  showDiagnostics: (diagnostics: readonly Diagnostic[]) => void;
  serverLost: () => void;
  remember: (language: string, files: readonly SourceFile[]) => void;
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
  /* What the run under way was given, and what the compiler has said about it so far. */
  private sent: SourceFile[] = [];
  private diagnostics: Diagnostic[] = [];

  constructor(private readonly parts: Parts) {
    window.addEventListener("pagehide", () => {
      const { run } = this.parts.store.state;
      if (run.jobId && isActive(run)) killJob(run.jobId, true).catch(() => undefined);
    });
  }

  /** Starts a run, or what else is chosen; one that is under way is stopped. */
  async start(choice = this.parts.store.state.choice): Promise<void> {
    const { store, editor, output } = this.parts;
    const { language, live, files } = store.state;
    if (!language) return;
    this.abandon();
    const control = new AbortController();
    this.current = control;
    const now = performance.now();
    this.sent = editor.files;
    const plan = planFor(store.state, choice, this.sent);
    const runs = !plan.action && !plan.compileOnly;
    this.parts.remember(language.id, this.sent);

    output.reset(files, plan.action);
    editor.mark([]);
    store.update({
      run: { ...idleRun, phase: "submitting", action: plan.action, startedAt: now, stageAt: now, stdinOpen: live && runs },
    });
    try {
      const id = await this.submit(this.request(plan), control.signal);
      if (id) await this.follow(id, control.signal);
    } catch (error) {
      if (!control.signal.aborted) this.fail(error);
    }
  }

  private request(plan: Plan): JobRequest {
    const { language, options, live } = this.parts.store.state;
    const job: JobRequest = {
      language: language!.id,
      files: this.sent.map(({ name, text }) => ({ name, content: text })),
      options: { ...options, ...plan.options },
    };
    if (language!.diagnostics) job.diagnostics = true;
    if (plan.action) return { ...job, action: plan.action.id };
    if (plan.compileOnly) return { ...job, compile_only: true };
    const stdin = this.parts.startText();
    if (stdin) job.stdin = stdin;
    if (live) job.interactive = true;
    return job;
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
  private async follow(id: string, signal: AbortSignal): Promise<void> {
    const { store, output } = this.parts;
    const files = this.sent.map(({ name }) => name);
    for (let tries = 1; ; tries++) {
      let cause: Error | null = null;
      this.diagnostics = [];
      try {
        for await (const event of jobEvents(id, signal)) {
          if (signal.aborted) return;
          if (store.state.run.reconnecting) {
            output.reset(files, store.state.run.action);
            store.updateRun({ reconnecting: false, steps: {} });
          }
          this.take(event);
          if (event.type === "result") return;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError) throw this.explain(error);
        cause = error instanceof Error ? error : new Error(String(error));
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

  private take(event: JobEvent): void {
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
      case "diagnostic":
        this.diagnostics.push(event);
        break;
      case "step":
        store.updateRun({ steps: { ...store.state.run.steps, [event.step]: event } });
        break;
      case "result":
        this.end(event);
        break;
    }
  }

  private end(result: JobResult): void {
    const { store, editor, output, showDiagnostics } = this.parts;
    const { action } = store.state.run;
    const files = this.sent.map(({ name }) => name);
    const ran = result.steps.some(({ step }) => step === "run");
    const made = action ? this.parts.takeResult(action, result, this.sent) : "";
    const left = leftFilesView(result);
    if (left) output.add(left, "after");
    const silent = ran && !left && !output.raw("run", ["stdout", "stderr"]) && result.outcome === "exited";
    output.finish(silent ? "The program printed nothing." : made, !ran);
    const said = this.diagnostics.length
      ? this.diagnostics
      : (["compile", "action"] as const).flatMap((step) => findDiagnostics(output.raw(step, ["stdout", "stderr"]), files));
    editor.mark([...said, ...findDiagnostics(output.raw("run", ["stderr"]), files)]);
    showDiagnostics(said);
    store.updateRun({ phase: "ended", result, stopping: false, stdinOpen: false });
  }

  private fail(error: unknown): void {
    const { store, serverLost } = this.parts;
    if (error instanceof AwayError) serverLost();
    const problem = error instanceof Error ? error.message : String(error);
    store.updateRun({ phase: "failed", problem, stopping: false, reconnecting: false, stdinOpen: false });
  }
}
