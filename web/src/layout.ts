// Editor and output beside or above each other: as the window allows, or as chosen; and the size of code.

import type { Store } from "./state";

const NARROW = matchMedia("(max-width: 820px)");
const FONT_SIZE_LEAST_TOUCH = 13;

/** Whether the panes are above each other. */
export function isStacked(): boolean {
  return document.documentElement.dataset["panes"] === "rows";
}

export function startLayout(store: Store, changed: () => void): void {
  const show = (): void => {
    const { layout, fontSize, wrap } = store.state.settings;
    const root = document.documentElement;
    const size = NARROW.matches && fontSize === 14 ? FONT_SIZE_LEAST_TOUCH : fontSize;
    root.dataset["panes"] = layout === "auto" ? (NARROW.matches ? "rows" : "columns") : layout;
    root.style.setProperty("--code-size", `${size}px`);
    document.getElementById("output")?.classList.toggle("unwrapped", !wrap);
    changed();
  };
  NARROW.addEventListener("change", show);
  store.subscribe((state, before) => {
    if (state === before || state.settings !== before.settings) show();
  });
}
