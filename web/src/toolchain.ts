// The language row and the panel of the language's options, both made from the image's manifest. What the
// image does not have is shown, greyed, with the reason.

import { channelOf, crateList } from "./crates";
import { byId, el } from "./dom";
import { load, save } from "./storage";
import type { Store } from "./state";
import type { Crate, Language, LanguageOption } from "./types";

const LANGUAGES_IN_A_ROW = 6;

function isSwitch(option: LanguageOption): boolean {
  return option.values.length === 2 && option.values.includes("true") && option.values.includes("false");
}

function isAvailable(option: LanguageOption, value: string | undefined): value is string {
  return value !== undefined && option.values.includes(value) && !option.unavailable?.[value];
}

/** The choices for a language: what was chosen last time where that can still be had, else the defaults. */
export function chosenOptions(language: Language): Record<string, string> {
  const saved = load<Record<string, string>>(`options.${language.id}`, {});
  const chosen: Record<string, string> = {};
  for (const [name, option] of Object.entries(language.options ?? {})) {
    const value = [saved[name], option.default, ...option.values].find((v) => isAvailable(option, v));
    if (value !== undefined) chosen[name] = value;
  }
  return chosen;
}

/* "stable · debug · 2021": what matters at a glance; what is as usual and not about versions is left out. */
function summary(language: Language, chosen: Record<string, string>): string {
  const parts: string[] = [];
  Object.entries(language.options ?? {}).forEach(([name, option], index) => {
    const value = chosen[name];
    if (value === undefined) return;
    if (isSwitch(option)) {
      if (value === "true") parts.push((option.label ?? name).toLowerCase());
    } else if (option.actions) return;
    else if (index < 3 || value !== option.default) parts.push(value);
  });
  return parts.join(" · ") || "Options";
}

export class Toolchain {
  private readonly languages = byId("languages");
  private readonly button = byId<HTMLButtonElement>("options-button");
  private readonly panel = byId("options-panel");

  constructor(
    private readonly store: Store,
    private readonly onLanguage: (id: string) => void,
    private readonly onUse: (crate: Crate) => void,
  ) {
    this.button.addEventListener("click", () => this.toggle(this.panel.hidden));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.panel.hidden) return;
      this.toggle(false);
      this.button.focus();
    });
    document.addEventListener("pointerdown", (event) => {
      const path = event.composedPath();
      if (!path.includes(this.panel) && !path.includes(this.button)) this.toggle(false);
    });
    this.panel.addEventListener("focusout", (event) => {
      const next = event.relatedTarget as Node | null;
      if (next && !this.panel.contains(next) && next !== this.button) this.toggle(false);
    });
    store.subscribe((state, before) => {
      if (state.languages !== before.languages) this.showLanguages();
      if (state.language !== before.language) this.showPanel();
      if (state.language !== before.language || state.options !== before.options) this.showChoices();
    });
  }

  private toggle(open: boolean): void {
    if (open) this.showCrates();
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    const first = (inputs: string) => this.panel.querySelector<HTMLElement>(inputs);
    if (open) (first("input:checked") ?? first("input:not(:disabled)"))?.focus();
  }

  private showLanguages(): void {
    const { languages, language } = this.store.state;
    if (languages.length > LANGUAGES_IN_A_ROW) {
      const select = el(
        "select",
        { "aria-label": "Language" },
        ...languages.map(({ id, name }) => el("option", { value: id, selected: id === language?.id }, name)),
      );
      select.addEventListener("change", () => this.onLanguage(select.value));
      this.languages.replaceChildren(select);
      return;
    }
    this.languages.replaceChildren(
      ...languages.map(({ id, name, version }) => {
        const radio = el("input", { type: "radio", name: "language", value: id, checked: id === language?.id });
        radio.addEventListener("change", () => this.onLanguage(id));
        return el("label", { class: "segment", title: version && `${name} ${version}` }, radio, el("span", {}, name));
      }),
    );
  }

  /** Marks the language that is chosen. */
  showLanguage(id: string): void {
    for (const radio of this.languages.querySelectorAll("input")) radio.checked = radio.value === id;
    const select = this.languages.querySelector("select");
    if (select && id) select.value = id;
  }

  private showPanel(): void {
    const language = this.store.state.language;
    if (!language) return;
    const options = Object.entries(language.options ?? {});
    const [forActions, forAll] = [true, false].map((wanted) =>
      options.filter(([, option]) => Boolean(option.actions) === wanted),
    ) as [[string, LanguageOption][], [string, LanguageOption][]];
    this.panel.replaceChildren(...this.fields(forAll), this.actionFields(language, forActions), el("div", { class: "crates" }));
    this.button.hidden = options.length === 0;
  }

  private fields(options: [string, LanguageOption][]): HTMLElement[] {
    return [
      ...options.filter(([, option]) => !isSwitch(option)).map(([name, option]) => this.choice(name, option)),
      ...options.filter(([, option]) => isSwitch(option)).map(([name, option]) => this.switch(name, option)),
    ];
  }

  /* What some actions alone heed stands apart, under their names. */
  private actionFields(language: Language, options: [string, LanguageOption][]): Node {
    const ids = new Set(options.flatMap(([, option]) => option.actions ?? []));
    const names = (language.actions ?? []).filter(({ id }) => ids.has(id)).map(({ name }) => name);
    if (!names.length) return document.createTextNode("");
    return el("details", { class: "for-actions" }, el("summary", {}, `For ${names.join(", ")}`), ...this.fields(options));
  }

  private choice(name: string, option: LanguageOption): HTMLElement {
    const reasons: HTMLElement[] = [];
    const values = new Set([...option.values, ...Object.keys(option.unavailable ?? {})]);
    const segments = [...values].map((value) => {
      const reason = option.unavailable?.[value];
      const id = `reason-${name}-${value}`;
      const radio = el("input", {
        type: "radio",
        name: `option-${name}`,
        value,
        checked: this.store.state.options[name] === value,
        disabled: reason !== undefined,
        "aria-describedby": reason === undefined ? undefined : id,
      });
      radio.addEventListener("change", () => this.choose(name, value));
      if (reason !== undefined) reasons.push(el("p", { class: "reason", id }, el("b", {}, `${value}:`), ` ${reason}`));
      return el("label", { class: "segment", title: reason }, radio, el("span", {}, value));
    });
    return el(
      "fieldset",
      {},
      el("legend", {}, option.label ?? name),
      el("div", { class: "segments" }, ...segments),
      ...reasons,
    );
  }

  private switch(name: string, option: LanguageOption): HTMLElement {
    const reason = option.unavailable?.["true"];
    const box = el("input", {
      type: "checkbox",
      checked: this.store.state.options[name] === "true",
      disabled: reason !== undefined,
    });
    box.addEventListener("change", () => this.choose(name, String(box.checked)));
    return el(
      "label",
      { class: "switch" },
      box,
      el("span", {}, option.label ?? name, reason ? el("small", {}, reason) : null),
    );
  }

  private choose(name: string, value: string): void {
    const { language, options } = this.store.state;
    if (!language) return;
    const chosen = { ...options, [name]: value };
    save(`options.${language.id}`, chosen);
    this.store.update({ options: chosen });
  }

  /* What follows from the choices: the button's words and the crates at hand. */
  private showChoices(): void {
    const { language, options } = this.store.state;
    if (!language) return;
    byId("options-summary").textContent = summary(language, options);
    if (!this.panel.hidden) this.showCrates();
  }

  /* A hundred crates are a lot of page: only when somebody looks. */
  private showCrates(): void {
    const { language, options } = this.store.state;
    if (!language) return;
    const place = this.panel.querySelector(".crates");
    if (!place) return;
    const wasOpen = place.querySelector("details")?.open ?? false;
    const list = crateList(this.store.state, place.querySelector("input")?.value ?? "", (crate) => {
      this.toggle(false);
      this.onUse(crate);
    });
    place.replaceChildren();
    if (!list.length) return;
    const count = channelOf(language, options)?.crates?.length ?? 0;
    const words = count === 1 ? "1 crate to use" : `${count} crates to use`;
    place.append(el("details", { open: wasOpen }, el("summary", {}, words), ...list));
  }

  /** Opens the panel. */
  open(): void {
    if (!this.button.hidden) this.toggle(true);
  }
}
