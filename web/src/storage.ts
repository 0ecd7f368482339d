// What this browser remembers: texts and choices per language, so that nothing typed is ever lost. All
// access may fail (private windows, full storage); the page then works without.

const PREFIX = "sandlot.";

export function load<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function save(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    /* Full or forbidden: there is nothing better to do than to go on. */
  }
}

/** What this tab alone remembers, until it is closed. */
export function loadForTab(key: string): string {
  try {
    return sessionStorage.getItem(PREFIX + key) ?? "";
  } catch {
    return "";
  }
}

export function saveForTab(key: string, text: string): void {
  try {
    sessionStorage.setItem(PREFIX + key, text);
  } catch {
    /* As above. */
  }
}

/** Saves a little after the last call, and at once when the page goes away. */
export class DelayedSave {
  private timer = 0;
  private pending: (() => void) | null = null;

  constructor(private readonly milliseconds: number) {
    window.addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.flush();
    });
  }

  schedule(write: () => void): void {
    this.pending = write;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.flush(), this.milliseconds);
  }

  flush(): void {
    window.clearTimeout(this.timer);
    const write = this.pending;
    this.pending = null;
    write?.();
  }
}
