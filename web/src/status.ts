// Where the run is, and what it came to, in words: the row above the output, and the live region that
// reads stages (not the ticking clock) to screen readers.

import { byId, el } from "./dom";
import { formatBytes, formatTime } from "./format";
import { leftWords } from "./left-files";
import { isActive } from "./state";
import type { Run, Store } from "./state";
import { isTruncated } from "./types";
import type { Action, JobResult, StepResult } from "./types";

type Tone = "calm" | "busy" | "good" | "warn" | "bad";

interface Words {
  tone: Tone;
  headline: string;
}

function ordinal(n: number): string {
  const tens = n % 100;
  const suffix = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

function lastStep(result: JobResult): StepResult["step"] {
  return result.steps[result.steps.length - 1]?.step ?? "run";
}

function actionWords(action: Action, result: JobResult): Words {
  if (result.outcome !== "exited") return { tone: "bad", headline: `${action.name}: ${result.sentence}` };
  if (result.exit_code === 0) return { tone: "good", headline: `${action.name}: done.` };
  return { tone: "bad", headline: `${action.name} failed.` };
}

function resultWords({ action }: Run, result: JobResult): Words {
  if (action && result.outcome !== "killed") return actionWords(action, result);
  const compiling = lastStep(result) === "compile";
  if (result.outcome === "exited") {
    if (result.exit_code === 0)
      return { tone: "good", headline: compiling ? "Compiled." : "Finished." };
    return compiling
      ? { tone: "bad", headline: "It did not compile." }
      : { tone: "warn", headline: `Ended with exit code ${result.exit_code}.` };
  }
  const prefix = compiling ? "While compiling: " : "";
  return { tone: result.outcome === "killed" ? "calm" : "bad", headline: prefix + result.sentence };
}

function stageWords(run: Run): string {
  if (run.stopping) return "Stopping…";
  if (run.reconnecting) return "Connection lost. Joining again…";
  switch (run.phase) {
    case "submitting":
      return "Sending…";
    case "retrying":
      return "The server is busy.";
    case "queued":
      if (run.position === 0) return "Queued…";
      return run.position === 1 ? "Queued, next in line…" : `Queued, ${ordinal(run.position)} in line…`;
    case "compiling":
      return run.action ? `${run.action.name}…` : "Compiling…";
    case "waiting_to_run":
      return "Compiled. Waiting for a free place to run…";
    case "running":
      return "Running…";
    default:
      return "";
  }
}

function wordsFor(run: Run): Words {
  if (run.phase === "failed") return { tone: "bad", headline: run.problem };
  if (run.phase === "ended" && run.result) return resultWords(run, run.result);
  if (isActive(run)) return { tone: "busy", headline: stageWords(run) };
  return { tone: "calm", headline: "Ready." };
}

function fact(label: string, value: string, tone = ""): HTMLElement {
  return el("div", { class: `fact ${tone}` }, el("dt", {}, label), el("dd", {}, value));
}

/* What is known of the run so far; complete once there is a result. */
function facts(run: Run): HTMLElement[] {
  const list: HTMLElement[] = [];
  const { result } = run;
  const steps = result?.steps ?? (["compile", "action", "run"] as const).flatMap((kind) => run.steps[kind] ?? []);
  const last = steps[steps.length - 1];
  if (result && result.exit_code !== null) list.push(fact("exit code", String(result.exit_code)));
  if (result?.signal) list.push(fact("signal", result.signal_name ?? String(result.signal)));
  if (result && result.queued_usec >= 50_000) list.push(fact("queued", formatTime(result.queued_usec)));
  for (const step of steps)
    list.push(fact(step.step === "action" ? "took" : step.step, step.cached ? "cached" : formatTime(step.wall_usec)));
  if (!result || !last) return list;
  if (!last.cached) list.push(fact("CPU", formatTime(last.user_usec + last.system_usec)));
  if (last.memory_peak_bytes > 0) list.push(fact("memory", formatBytes(last.memory_peak_bytes)));
  if (isTruncated(result.truncated) || steps.some((step) => isTruncated(step.truncated)))
    list.push(fact("output", "cut short", "warn"));
  return list;
}

export class StatusView {
  private readonly row = byId("status");
  private readonly headline = byId("headline");
  private readonly clock = byId("clock");
  private readonly facts = byId("facts");
  private readonly live = byId("live");
  private timer = 0;

  constructor(private readonly store: Store) {
    store.subscribe((state, before) => {
      if (state.run !== before.run || state === before) this.show(state.run);
    });
  }

  private show(run: Run): void {
    const { tone, headline } = wordsFor(run);
    this.row.dataset["tone"] = tone;
    this.headline.textContent = headline;
    this.facts.replaceChildren(...facts(run));
    this.facts.hidden = run.phase === "idle" || run.phase === "failed";
    const said = [headline, run.result && leftWords(run.result)].filter(Boolean).join(" ");
    if (run.phase !== "idle" && this.live.textContent !== said) this.live.textContent = said;
    window.clearInterval(this.timer);
    if (isActive(run)) this.timer = window.setInterval(() => this.tick(), 100);
    this.tick();
  }

  private tick(): void {
    const run = this.store.state.run;
    const now = performance.now();
    if (run.phase === "retrying")
      this.clock.textContent = `trying again in ${Math.max(1, Math.ceil((run.retryAt - now) / 1000))} s`;
    else if (isActive(run) && now - run.startedAt >= 300)
      this.clock.textContent = `${((now - run.stageAt) / 1000).toFixed(1)} s`;
    else this.clock.textContent = "";
  }
}
