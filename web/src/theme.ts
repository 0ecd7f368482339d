// Light or dark: the system's preference until the visitor chooses. boot.ts has set the first one.

import { byId } from "./dom";
import { load, save } from "./storage";

export type ThemeChoice = "system" | "light" | "dark";

export class Theme {
  private readonly system = matchMedia("(prefers-color-scheme: dark)");

  constructor(private readonly onChange: (dark: boolean) => void) {
    byId("theme").addEventListener("click", () => this.toggle());
    this.system.addEventListener("change", () => this.show());
    this.show();
  }

  get choice(): ThemeChoice {
    const chosen = load<unknown>("theme", null);
    return chosen === "light" || chosen === "dark" ? chosen : "system";
  }

  private get isDark(): boolean {
    return this.choice === "system" ? this.system.matches : this.choice === "dark";
  }

  set(choice: ThemeChoice): void {
    save("theme", choice === "system" ? null : choice);
    this.show();
  }

  /** The other one; where that is what the system has, the system is followed again. */
  toggle(): void {
    const dark = !this.isDark;
    this.set(dark === this.system.matches ? "system" : dark ? "dark" : "light");
  }

  private show(): void {
    const dark = this.isDark;
    const button = byId("theme");
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
    button.setAttribute("aria-label", dark ? "Use the light theme" : "Use the dark theme");
    button.title = dark ? "Light theme" : "Dark theme";
    this.onChange(dark);
  }
}
