// The share dialog: stores the program on the server and gives links to it.

import { AwayError, deleteSnippet, storeSnippet } from "./api";
import { openDialog } from "./dialog";
import { copyText, el } from "./dom";
import { load, save, saveForTab } from "./storage";
import type { SnippetRequest, StoredSnippet } from "./types";

const TERMS: [string, number | undefined][] = [
  ["as long as the server keeps it", undefined],
  ["one hour", 3600],
  ["one day", 86_400],
  ["30 days", 30 * 86_400],
];

function linkTo(snippet: StoredSnippet): string {
  return new URL(`/?gist=${encodeURIComponent(snippet.id)}`, location.href).href;
}

/* A text to take away, with a button that copies it. */
function copyRow(label: string, text: string): HTMLElement {
  const field = el("input", { type: "text", readonly: true, "aria-label": label, class: "field" });
  field.value = text;
  field.addEventListener("focus", () => field.select());
  const button = el("button", { type: "button", class: "button", "aria-label": `Copy: ${label}` }, "Copy");
  button.addEventListener("click", () => {
    void copyText(text).then((done) => (button.textContent = done ? "Copied" : "Not allowed"));
  });
  return el("div", { class: "copy-row" }, el("span", {}, label), el("div", {}, field, button));
}

function removal(snippet: StoredSnippet, say: (text: string) => void): HTMLElement | null {
  const token = snippet.delete_token;
  if (!token) return null;
  const button = el("button", { type: "button", class: "button quiet danger" }, "Delete it from the server");
  button.addEventListener("click", () => {
    deleteSnippet(snippet.id, token).then(
      () => {
        button.remove();
        say("Deleted: the link leads nowhere now.");
      },
      (error: unknown) => say(error instanceof Error ? error.message : String(error)),
    );
  });
  return button;
}

/* The tokens of one's own snippets, so that they can be deleted later too. */
function keepToken({ id, delete_token: token }: StoredSnippet): void {
  if (token) save("snippets", { ...load<Record<string, string>>("snippets", {}), [id]: token });
}

export function openShare(request: SnippetRequest, serverLost: () => void): void {
  const status = el("p", { class: "dialog-status", role: "status" });
  const say = (text: string) => (status.textContent = text);
  const term = el("select", { class: "field" }, ...TERMS.map(([name], i) => el("option", { value: i }, name)));
  const create = el("button", { type: "submit", class: "button primary" }, "Make a link");
  const form = el("form", { class: "share-form" }, el("label", {}, el("span", {}, "Keep it for"), term), create);
  const links = el("div", { class: "share-links" });

  const show = (snippet: StoredSnippet): void => {
    const link = linkTo(snippet);
    const frame = `<iframe src="${new URL(`/embed?gist=${encodeURIComponent(snippet.id)}`, location.href).href}" width="100%" height="420"></iframe>`;
    links.replaceChildren(copyRow("Link", link), copyRow("To embed in a page", frame), removal(snippet, say) ?? "");
    history.replaceState(null, "", new URL(link).pathname + new URL(link).search);
    saveForTab("address", location.search);
    keepToken(snippet);
    links.querySelector("input")?.focus();
    void copyText(link).then((done) => say(done ? "The link is on your clipboard." : "Here is the link."));
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const seconds = TERMS[Number(term.value)]?.[1];
    create.disabled = true;
    say("Storing…");
    storeSnippet(seconds ? { ...request, expires_sec: seconds } : request)
      .then(show, (error: unknown) => {
        if (error instanceof AwayError) serverLost();
        say(error instanceof Error ? error.message : String(error));
      })
      .finally(() => (create.disabled = false));
  });

  const files = request.files.length === 1 ? "The text" : `The ${request.files.length} files`;
  openDialog(
    "Share",
    "share",
    el("p", {}, `${files} and the chosen options are stored on this server. Whoever has the link can read them.`),
    form,
    status,
    links,
  );
  create.focus();
}
