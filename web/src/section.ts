// One step's output as DOM. Output is held in blocks of a few kilobytes, each of one stream; only blocks
// near the viewport are laid out (content-visibility), and the number of blocks and elements is bounded, so
// that a megabyte, or a line of a megabyte, stays quick. What falls out of the page stays in `raw`.

import { el } from "./dom";
import { findLocations, findVerdicts } from "./locations";
import { plainAnsi, parseAnsi, unfinishedTail, visible } from "./text";
import type { AnsiState } from "./text";
import type { StepKind, StreamName } from "./types";

const BLOCK_CHARACTERS = 4096;
const BLOCK_LINES = 100;
const LINE_CHARACTERS = 16 * 1024;
const ESCAPE_CHARACTERS = 80; /* more than the longest escape sequence taken for one */
const BLOCKS_MAX = 2000;
const ELEMENTS_MAX = 12000;

interface Block {
  stream: StreamName;
  text: string;
  lines: number;
  elements: number;
  before: AnsiState;
  after: AnsiState;
  row: HTMLElement;
  body: HTMLElement;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = -1; (at = text.indexOf("\n", at + 1)) >= 0; ) count++;
  return count;
}

/* The end of the line'th line from `from`, or the text's end. */
function endOfLine(text: string, from: number, line: number): number {
  let at = from - 1;
  for (; line > 0; line--) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return text.length;
  }
  return at + 1;
}

export class Section {
  readonly element: HTMLElement;
  private readonly rows: HTMLElement;
  private readonly note: HTMLElement;
  private readonly blocks: Block[] = [];
  private elements = 0;
  private readonly parts: { stream: StreamName; text: string }[] = [];

  constructor(
    title: string,
    private readonly name: StepKind,
    private readonly locations: RegExp,
  ) {
    this.rows = el("div", { class: "rows" });
    this.note = el(
      "p",
      { class: "folded", hidden: true },
      "Earlier output is not shown here. Copy has all of it.",
    );
    this.element = el(
      "section",
      { class: `step step-${name}${name === "run" ? "" : " step-tool"}`, "aria-label": title },
      el("h3", {}, title),
      this.note,
      this.rows,
    );
  }

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  /** Everything printed, as it was printed; `streams` picks. */
  raw(streams: readonly StreamName[]): string {
    return this.parts
      .filter(({ stream }) => streams.includes(stream))
      .map(({ text }) => text)
      .join("");
  }

  /** Keeps text for raw() without showing it yet. */
  record(stream: StreamName, text: string): void {
    const last = this.parts[this.parts.length - 1];
    if (last?.stream === stream) last.text += text;
    else this.parts.push({ stream, text });
  }

  /** Shows text. */
  append(stream: StreamName, text: string): void {
    let from = 0;
    while (from < text.length) {
      let block = this.blocks[this.blocks.length - 1];
      if (
        !block ||
        block.stream !== stream ||
        this.isFull(block) ||
        this.wantsNewBlock(block, text, from)
      )
        block = this.addBlock(stream);
      const end = this.fit(block, text, from);
      block.text += text.slice(from, end);
      block.lines += countLines(text.slice(from, end));
      this.render(block);
      from = end;
    }
    this.trim();
  }

  private isFull(block: Block): boolean {
    if (block.lines >= BLOCK_LINES) return true;
    if (block.text.endsWith("\n")) return block.text.length >= BLOCK_CHARACTERS;
    /* A block that ends in half an escape sequence or character takes the rest of it. */
    const spare = unfinishedTail(block.text) ? ESCAPE_CHARACTERS : 0;
    return block.text.length >= LINE_CHARACTERS + spare;
  }

  /* Whether the line that starts at `from` had better start a block of its own than be cut in two. */
  private wantsNewBlock(block: Block, text: string, from: number): boolean {
    if (!block.text.endsWith("\n")) return false;
    const newline = text.indexOf("\n", from);
    return block.text.length + (newline < 0 ? text.length : newline) - from > BLOCK_CHARACTERS;
  }

  /*
   * How far the text from `from` on goes into the block; always further than `from`. Blocks end where
   * lines end, unless a line is longer than LINE_CHARACTERS.
   */
  private fit(block: Block, text: string, from: number): number {
    const room = BLOCK_CHARACTERS - block.text.length;
    const lines = endOfLine(text, from, BLOCK_LINES - block.lines);
    if (text.length - from <= room) return lines;
    const last = room > 0 ? text.lastIndexOf("\n", from + room - 1) : -1;
    if (last >= from) return Math.min(last + 1, lines);
    const limit = from + Math.max(1, LINE_CHARACTERS - block.text.length);
    const newline = text.indexOf("\n", from);
    if (newline >= 0 && newline < limit) return newline + 1;
    if (text.length <= limit) return text.length;
    const tail = text.slice(Math.max(from, limit - ESCAPE_CHARACTERS), limit);
    return Math.max(from + 1, limit - unfinishedTail(tail));
  }

  private addBlock(stream: StreamName): Block {
    const last = this.blocks[this.blocks.length - 1];
    const starts = last?.stream !== stream;
    const before = starts ? plainAnsi : last.after;
    const body = el("div", { class: "text" });
    const row = el(
      "div",
      { class: `row ${stream}${starts ? " starts" : ""}` },
      el("span", { class: "tag" }, starts ? stream : null),
      body,
    );
    const block = { stream, text: "", lines: 0, elements: 3, before, after: before, row, body };
    this.blocks.push(block);
    this.elements += block.elements;
    this.rows.append(row);
    return block;
  }

  private render(block: Block): void {
    const nodes: Node[] = [];
    let elements = 3;
    const { pieces, state } = parseAnsi(block.text, block.before);
    for (const { text, style } of pieces) {
      const parts = this.decorated(text);
      elements += parts.length;
      if (!style) {
        nodes.push(...parts);
        continue;
      }
      const span = el("span", { class: style });
      span.append(...parts);
      nodes.push(span);
      elements++;
    }
    block.body.replaceChildren(...nodes);
    block.after = state;
    this.elements -= block.elements;
    block.elements = elements;
    this.elements += block.elements;
    /* The height to assume while it is out of sight: by lines, or by width for long lines. */
    const rows = Math.max(block.lines, block.text.length / 100, 1);
    block.row.style.containIntrinsicBlockSize = `auto ${(rows * 1.25).toFixed(1)}rem`;
  }

  /* Text with places in the visitor's files as buttons and, from a compiler, its verdicts set off. */
  private decorated(text: string): Node[] {
    const places = findLocations(text, this.locations).map(({ from, to, file, line, column }) => ({
      from,
      to,
      make: () =>
        el("button", { type: "button", class: "location", "data-file": file, "data-line": line, "data-column": column }),
    }));
    const verdicts = (this.name === "run" ? [] : findVerdicts(text)).map(({ from, to, severity }) => ({
      from,
      to,
      make: () => el("b", { class: `says-${severity}` }),
    }));
    const nodes: Node[] = [];
    let from = 0;
    for (const range of [...places, ...verdicts].sort((a, b) => a.from - b.from)) {
      if (range.from < from) continue;
      if (range.from > from) nodes.push(document.createTextNode(text.slice(from, range.from)));
      const node = range.make();
      node.textContent = text.slice(range.from, range.to);
      nodes.push(node);
      from = range.to;
    }
    if (from < text.length) nodes.push(document.createTextNode(text.slice(from)));
    return nodes;
  }

  private trim(): void {
    let drop = 0;
    while (
      drop < this.blocks.length - 1 &&
      (this.blocks.length - drop > BLOCKS_MAX || this.elements > ELEMENTS_MAX)
    ) {
      const block = this.blocks[drop++]!;
      this.elements -= block.elements;
      block.row.remove();
    }
    if (!drop) return;
    this.blocks.splice(0, drop);
    this.note.hidden = false;
  }
}

/** What Copy gives: as printed, but with the characters made visible that would hide or reorder text. */
export function copyable(text: string): string {
  return visible(text.replace(/\x1b\[[0-9;:]*m/g, ""));
}
