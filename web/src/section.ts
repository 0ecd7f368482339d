// One step's output as DOM. Output is held in blocks of a few kilobytes, each of one stream; only blocks
// near the viewport are laid out (content-visibility), and the number of blocks and elements is bounded, so
// that a megabyte, or a line of a megabyte, stays quick. What falls out of the page stays in `raw`.

import { el } from "./dom";
import { findLocations } from "./locations";
import { plainAnsi, parseAnsi, unfinishedTail, visible } from "./text";
import type { AnsiState } from "./text";
import type { StreamName } from "./types";

const BLOCK_CHARACTERS = 4096;
const BLOCK_LINES = 100;
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
    name: string,
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
      { class: `step step-${name}`, "aria-label": title },
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
      if (!block || block.stream !== stream || this.isFull(block)) block = this.addBlock(stream);
      const end = this.fit(block, text, from);
      block.text += text.slice(from, end);
      block.lines += countLines(text.slice(from, end));
      this.render(block);
      from = end;
    }
    this.trim();
  }

  private isFull(block: Block): boolean {
    if (block.text.length < BLOCK_CHARACTERS && block.lines < BLOCK_LINES) return false;
    /* A block that ends in half an escape sequence or character takes the rest of it. */
    return unfinishedTail(block.text) === 0 || block.text.length > BLOCK_CHARACTERS + 80;
  }

  /* How far the text from `from` on fits into the block; always further than `from`. */
  private fit(block: Block, text: string, from: number): number {
    const room = Math.max(1, BLOCK_CHARACTERS - block.text.length);
    let end = Math.min(text.length, from + room);
    if (end < text.length) {
      const newline = text.lastIndexOf("\n", end - 1);
      if (newline > from + room / 2) end = newline + 1;
      else end = Math.max(from + 1, end - unfinishedTail(text.slice(Math.max(from, end - 66), end)));
    }
    return Math.min(end, endOfLine(text, from, Math.max(1, BLOCK_LINES - block.lines)));
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
    const { pieces, state } = parseAnsi(block.text, block.before);
    for (const { text, style } of pieces) {
      const target = style ? el("span", { class: style }) : null;
      const parts = this.linked(text);
      if (target) target.append(...parts);
      nodes.push(...(target ? [target] : parts));
    }
    block.body.replaceChildren(...nodes);
    block.after = state;
    this.elements -= block.elements;
    block.elements = 3 + nodes.length;
    this.elements += block.elements;
    /* The height to assume while it is out of sight: by lines, or by width for long lines. */
    const rows = Math.max(block.lines, block.text.length / 100, 1);
    block.row.style.containIntrinsicBlockSize = `auto ${(rows * 1.25).toFixed(1)}rem`;
  }

  /* Text with places in the visitor's files as buttons. */
  private linked(text: string): Node[] {
    const nodes: Node[] = [];
    let from = 0;
    for (const { from: start, to, line, column } of findLocations(text, this.locations)) {
      nodes.push(document.createTextNode(text.slice(from, start)));
      nodes.push(
        el(
          "button",
          { type: "button", class: "location", "data-line": line, "data-column": column },
          text.slice(start, to),
        ),
      );
      from = to;
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
