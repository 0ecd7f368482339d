// The files a program left (docs/http.md), below its output: pictures are shown, the rest can be downloaded. A picture
// is an <img> of the server's own address: there an SVG runs no script and loads nothing, whatever is in it.

import { el } from "./dom";
import { formatBytes, formatCount } from "./format";
import { visible } from "./text";
import type { JobResult, LeftFile } from "./types";

const isPicture = ({ type }: LeftFile): boolean => type.startsWith("image/");

function leftFiles({ files = [] }: JobResult): LeftFile[] {
  return files.filter((file): file is LeftFile => "url" in file);
}

/** "2 pictures", "1 picture, 3 files", or "" */
export function leftWords(result: JobResult): string {
  const files = leftFiles(result);
  const pictures = files.filter(isPicture).length;
  return [formatCount(pictures, "picture"), formatCount(files.length - pictures, "file")].filter(Boolean).join(", ");
}

/* What cannot be decoded says so in its place. */
function picture({ url }: LeftFile, words: string): HTMLElement {
  const image = el("img", { src: url, alt: words, decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(el("p", { class: "note" }, "This picture cannot be shown.")));
  return image;
}

function item(file: LeftFile): HTMLElement {
  const name = visible(file.name);
  const size = formatBytes(file.bytes);
  const download = el(
    "a",
    { class: "button quiet", href: file.url, download: file.name, "aria-label": `Download ${name}` },
    "Download",
  );
  const caption = el("figcaption", {}, el("bdi", {}, name), el("span", {}, size), download);
  return el("li", {}, el("figure", {}, isPicture(file) && picture(file, `${name}, ${size}`), caption));
}

/* Pictures are made for paper, or for the dark. */
function paperButton(list: HTMLElement): HTMLElement {
  const button = el("button", { type: "button", class: "button quiet", "aria-pressed": "false" }, "On black");
  button.addEventListener("click", () =>
    button.setAttribute("aria-pressed", String(list.classList.toggle("on-black"))));
  return button;
}

/** A section with all of them, or null when there are none. */
export function leftFilesView(result: JobResult): HTMLElement | null {
  const files = leftFiles(result);
  const leftOut = result.files_left_out ?? 0;
  if (!files.length && !leftOut) return null;
  const list = el("ul", {}, ...files.map(item));
  const note = `${leftOut} more left out: of the folder out at most 16 plain files are shown, each up to 1 MiB, together 4 MiB.`;
  return el(
    "section",
    { class: "step step-files", "aria-label": "Files" },
    el(
      "div",
      { class: "made-head" },
      el("h3", {}, "Files"),
      el("span", {}, leftWords(result)),
      files.some(isPicture) && paperButton(list),
    ),
    list,
    leftOut > 0 && el("p", { class: "note" }, note),
  );
}
