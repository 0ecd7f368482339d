// Light or dark: the system's preference until the visitor chooses; choosing what the system has anyway
// goes back to following it. boot.ts has set the first one.

import { byId } from "./dom";
import { load, save } from "./storage";

export function startTheme(onChange: (dark: boolean) => void): void {
  const button = byId("theme");
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const show = (dark: boolean) => {
    root.dataset["theme"] = dark ? "dark" : "light";
    button.setAttribute("aria-label", dark ? "Use the light theme" : "Use the dark theme");
    button.title = dark ? "Light theme" : "Dark theme";
    onChange(dark);
  };

  button.addEventListener("click", () => {
    const dark = root.dataset["theme"] !== "dark";
    save("theme", dark === system.matches ? null : dark ? "dark" : "light");
    show(dark);
  });
  system.addEventListener("change", () => {
    if (load("theme", null) === null) show(system.matches);
  });
  show(root.dataset["theme"] === "dark");
}
