// Requests to the server. Every failure is one of two kinds: ApiError (it answered, and said no) and
// AwayError (it could not be reached), because the page tells them apart.

import { readEvents } from "./sse";
import { loadForTab, saveForTab } from "./storage";
import type { JobEvent, JobRequest, LanguageList, Snippet, SnippetRequest, StoredSnippet } from "./types";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** 429: seconds until it is worth trying again */
    readonly retryAfter: number | null,
  ) {
    super(message);
  }
}

export class AwayError extends Error {}

async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new AwayError("The server cannot be reached.");
  }
  if (response.ok) return response;
  throw await readError(response);
}

async function readError(response: Response): Promise<Error> {
  const text = await response.text().catch(() => "");
  let code = "";
  let message = "";
  try {
    const error = (JSON.parse(text) as { error?: { code?: string; message?: string } }).error;
    code = error?.code ?? "";
    message = error?.message ?? "";
  } catch {
    /* Not ours: a proxy's page, say. */
  }
  if (!message && [502, 503, 504].includes(response.status))
    return new AwayError("The server is not available at the moment.");
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new ApiError(
    response.status,
    code,
    message || `The server answered ${response.status} ${response.statusText}.`.replace(" .", "."),
    Number.isFinite(seconds) && seconds >= 0 ? seconds : null,
  );
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw new AwayError("The server's answer broke off.");
  }
}

export async function fetchLanguages(): Promise<LanguageList> {
  return readJson(await request("/api/v1/languages", { cache: "default" })); /* so that what was fetched ahead serves */
}

export async function isServerUp(): Promise<boolean> {
  try {
    await request("/healthz");
    return true;
  } catch {
    return false;
  }
}

let sessionName = "";

/** What a compile of this tab's goes on from earlier ones by: a secret of the tab's. */
function session(): string {
  sessionName ||= loadForTab("session");
  if (!sessionName) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    sessionName = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    saveForTab("session", sessionName);
  }
  return sessionName;
}

export async function submitJob(job: JobRequest, signal: AbortSignal): Promise<string> {
  const response = await request("/api/v1/jobs", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Sandlot-Session": session() },
    body: JSON.stringify(job),
    signal,
  });
  return (await readJson<{ id: string }>(response)).id;
}

/** The job's events from the first on. Ends early, without a result, when the connection is lost. */
export async function* jobEvents(id: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const response = await request(`/api/v1/jobs/${id}/events`, {
    headers: { Accept: "text/event-stream" },
    signal,
  });
  if (!response.body) return;
  try {
    for await (const { event, data } of readEvents(response.body)) {
      if (!["state", "output", "diagnostic", "step", "result"].includes(event)) continue;
      yield { type: event, ...(JSON.parse(data) as object) } as JobEvent;
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new AwayError("The connection to the server was lost.");
  }
}

export async function sendStdin(id: string, text: string, close: boolean): Promise<void> {
  await request(`/api/v1/jobs/${id}/stdin${close ? "?close=1" : ""}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: text,
  });
}

/** keepalive: also while the page is going away. */
export async function killJob(id: string, keepalive = false): Promise<void> {
  await request(`/api/v1/jobs/${id}/kill`, { method: "POST", keepalive });
}

export async function storeSnippet(snippet: SnippetRequest): Promise<StoredSnippet> {
  const response = await request("/api/v1/snippets", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(snippet),
  });
  return readJson<StoredSnippet>(response);
}

export async function fetchSnippet(id: string): Promise<Snippet> {
  return readJson<Snippet>(await request(`/api/v1/snippets/${encodeURIComponent(id)}`));
}

export async function deleteSnippet(id: string, token: string): Promise<void> {
  await request(`/api/v1/snippets/${encodeURIComponent(id)}`, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${token}` },
  });
}
