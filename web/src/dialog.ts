// A dialog: a heading, a way to close it, and what belongs in it. The browser keeps the focus inside and
// gives it back.

import { el } from "./dom";

export function openDialog(title: string, name: string, ...content: (Node | string)[]): HTMLDialogElement {
  document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
  const close = el("button", { type: "button", class: "button quiet dialog-close", "aria-label": "Close" }, "✕");
  const dialog = el(
    "dialog",
    { class: `dialog dialog-${name}`, "aria-labelledby": `dialog-${name}-title` },
    el("header", { class: "dialog-head" }, el("h2", { id: `dialog-${name}-title` }, title), close),
    el("div", { class: "dialog-body", tabindex: 0, role: "group", "aria-labelledby": `dialog-${name}-title` }, ...content),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); /* the backdrop */
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
