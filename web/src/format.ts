// Numbers in words.

export function formatTime(usec: number): string {
  if (usec < 1000) return `${(usec / 1000).toFixed(1)} ms`;
  if (usec < 1_000_000) return `${Math.round(usec / 1000)} ms`;
  return `${(usec / 1_000_000).toFixed(usec < 10_000_000 ? 2 : 1)} s`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KiB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

/** "1 file", "2 files", or "" for none */
export function formatCount(count: number, what: string): string {
  return count ? `${count} ${what}${count === 1 ? "" : "s"}` : "";
}
