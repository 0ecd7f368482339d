// Turns what programs print into pieces that are safe and honest to show: ANSI colours become class names,
// everything else that would act on the terminal or reorder the text becomes visible characters.

export interface Piece {
  text: string;
  /** class names for the text's colours, or "" */
  style: string;
}

export interface AnsiState {
  foreground: string;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}

export const plainAnsi: AnsiState = {
  foreground: "",
  bold: false,
  dim: false,
  italic: false,
  underline: false,
};

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

function styleOf(state: AnsiState): string {
  const names = [];
  if (state.foreground) names.push(`a-${state.foreground}`);
  if (state.bold) names.push("a-bold");
  if (state.dim) names.push("a-dim");
  if (state.italic) names.push("a-italic");
  if (state.underline) names.push("a-underline");
  return names.join(" ");
}

/* Select Graphic Rendition (ECMA-48, 8.3.117). Backgrounds are left out: they could hide text. */
function applySgr(state: AnsiState, parameters: string): AnsiState {
  const codes = parameters.split(/[;:]/).map((code) => Number.parseInt(code || "0", 10));
  let next = state;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 0) next = plainAnsi;
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 3) next = { ...next, italic: true };
    else if (code === 4) next = { ...next, underline: true };
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code === 23) next = { ...next, italic: false };
    else if (code === 24) next = { ...next, underline: false };
    else if (code === 39) next = { ...next, foreground: "" };
    else if (code >= 30 && code <= 37) next = { ...next, foreground: COLOURS[code - 30]! };
    else if (code >= 90 && code <= 97) next = { ...next, foreground: COLOURS[code - 90]! };
    else if (code === 38 || code === 48) {
      const palette = codes[i + 1] === 5 ? codes[i + 2] : undefined;
      if (code === 38 && palette !== undefined && palette < 16)
        next = { ...next, foreground: COLOURS[palette % 8]! };
      i += codes[i + 1] === 5 ? 2 : 4;
    }
  }
  return next;
}

/*
 * Control characters but tab and newline; the ones that reorder or hide text (bidirectional controls,
 * zero-width characters, line separators), as "Trojan Source" used them. The joiners U+200C and U+200D
 * stay: scripts and emoji need them.
 */
const HIDDEN =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

function showHidden(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

export function visible(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(HIDDEN, showHidden);
}

/** Splits text into pieces of one style each; returns the state for what follows. */
export function parseAnsi(text: string, state: AnsiState): { pieces: Piece[]; state: AnsiState } {
  const pieces: Piece[] = [];
  const add = (part: string) => {
    if (part) pieces.push({ text: visible(part), style: styleOf(state) });
  };
  let from = 0;
  for (let at; (at = text.indexOf("\x1b[", from)) >= 0; ) {
    const sequence = /^[0-9;:]{0,64}m/.exec(text.slice(at + 2, at + 67));
    if (!sequence) {
      add(text.slice(from, at + 2));
      from = at + 2;
      continue;
    }
    add(text.slice(from, at));
    state = applySgr(state, sequence[0].slice(0, -1));
    from = at + 2 + sequence[0].length;
  }
  add(text.slice(from));
  return { pieces, state };
}

/** How much of the end of a text may be the start of something that must not be cut in two. */
export function unfinishedTail(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  if (last === 0x0d || (last >= 0xd800 && last <= 0xdbff)) return 1;
  const escape = text.lastIndexOf("\x1b");
  if (escape >= 0 && text.length - escape < 66 && /^\x1b(\[[0-9;:]*)?$/.test(text.slice(escape)))
    return text.length - escape;
  return 0;
}
