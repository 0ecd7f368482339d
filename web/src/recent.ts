// The last programs, kept in this browser: each that was run, and each that another one replaced.

import { load, save } from "./storage";
import type { SourceFile } from "./types";

export interface RecentProgram {
  language: string;
  files: SourceFile[];
  /** milliseconds since 1970 */
  at: number;
}

const KEPT = 25;
const PROGRAM_CHARACTERS = 64 * 1024;

function sameText(a: readonly SourceFile[], b: readonly SourceFile[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The newest first. */
export function recentPrograms(): RecentProgram[] {
  return load<RecentProgram[]>("recent", []);
}

export function remember(language: string, files: readonly SourceFile[]): void {
  const characters = files.reduce((sum, { text }) => sum + text.length, 0);
  if (characters > PROGRAM_CHARACTERS || !files.some(({ text }) => text.trim())) return;
  const others = recentPrograms().filter((old) => old.language !== language || !sameText(old.files, files));
  save("recent", [{ language, files, at: Date.now() }, ...others].slice(0, KEPT));
}

export function forgetPrograms(): void {
  save("recent", []);
}

/** The program's first line that says something, for lists. */
export function titleOf(files: readonly SourceFile[]): string {
  const lines = (files[0]?.text ?? "").split("\n").map((line) => line.trim());
  const telling = lines.find((line) => line && !/^(use |#include|import |from |using |package |#!)/.test(line));
  return (telling ?? lines.find(Boolean) ?? "empty").slice(0, 80);
}
