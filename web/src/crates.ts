// The crates at hand, with what is known of them: found by a part of the name, used by a click.

import { el } from "./dom";
import type { Editor } from "./editor";
import type { State } from "./state";
import type { Channel, Crate, Language } from "./types";

/** What the chosen channel of the language has. */
export function channelOf(language: Language, chosen: Record<string, string>): Channel | undefined {
  const channels = Object.entries(language.channels ?? {});
  return (channels.find(([name]) => name === chosen["channel"]) ?? channels[0])?.[1];
}

/** The version of what will run, for people. */
export function versionOf(language: Language, chosen: Record<string, string>): string {
  const channel = language.channels?.[chosen["channel"] ?? ""]?.rustc?.version;
  return channel?.replace(/^rustc /, "") ?? language.version ?? "";
}

/* Where a `use` belongs: before the first one, else after the comments and attributes of the crate. */
function useLine(text: string): number {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => /^\s*(pub\s+)?use\s/.test(line));
  if (first >= 0) return first + 1;
  const end = lines.findIndex((line) => !/^\s*(\/\/[^/].*|\/\/!.*|#!\[.*)?$/.test(line));
  return (end < 0 ? lines.length : end) + 1;
}

/** Puts `use name;` where it belongs, unless the text has one; then the cursor goes there. */
export function useCrate(editor: Editor, { id }: Crate, file: string): void {
  const text = editor.files.find(({ name }) => name === file)?.text ?? "";
  const there = text.split("\n").findIndex((line) => new RegExp(`^\\s*(pub\\s+)?use\\s+(::)?${id}\\b`).test(line));
  if (there >= 0) editor.goTo(there + 1, 1);
  else {
    editor.insertLine(useLine(text), `use ${id};`);
    editor.focus();
  }
}

function crateItem(crate: Crate, onUse: (crate: Crate) => void): HTMLElement {
  const { name, version, vetting } = crate;
  const audited = vetting === "audited";
  const button = el(
    "button",
    { type: "button", class: "crate", title: `use ${crate.id};  (${name} ${version}${vetting ? `, ${vetting}` : ""})` },
    el("b", {}, name),
    el("span", {}, version),
    audited && el("span", { class: "audited" }, "audited"),
  );
  button.addEventListener("click", () => onUse(crate));
  return el("li", {}, button);
}

/* Who has looked at the crates, and at those they need: nobody at most of them, usually. */
function vettingNote({ vetting }: Channel): HTMLElement | null {
  if (!vetting) return null;
  const { audited, exempted } = vetting;
  return el("p", {}, `Of these and all they need: ${audited} audited, ${exempted} exempted: unreviewed.`);
}

/** The list, with a field that narrows it; nothing for a language without crates. */
export function crateList({ language, options }: State, wanted: string, onUse: (crate: Crate) => void): Node[] {
  const channel = language ? channelOf(language, options) : undefined;
  const crates = channel?.crates ?? [];
  if (!channel || !crates.length) return [];
  const items = crates.map((crate) => crateItem(crate, onUse));
  const none = el("p", { role: "status" });
  const find = el("input", { type: "search", placeholder: "Find a crate", "aria-label": "Find a crate", spellcheck: "false" });
  const narrow = (): void => {
    const text = find.value.trim().toLowerCase().replaceAll("_", "-");
    items.forEach((item, i) => (item.hidden = !crates[i]!.name.toLowerCase().replaceAll("_", "-").includes(text)));
    const found = items.some((item) => !item.hidden);
    none.textContent = found ? "" : "This image has no such crate.";
  };
  find.value = wanted;
  find.addEventListener("input", narrow);
  narrow();
  return [find, el("ul", { "aria-label": "Crates" }, ...items), none, vettingNote(channel) ?? ""].map((node) =>
    typeof node === "string" ? document.createTextNode(node) : node,
  );
}
