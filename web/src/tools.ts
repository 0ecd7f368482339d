// The Run button and the menu beside it: run, test or build, as the text asks or as chosen, and what else
// the image can do with the program.

import { byId } from "./dom";
import { keyName } from "./commands";
import { Menu } from "./menu";
import type { MenuGroup, MenuItem } from "./menu";
import { AUTO, planFor, refusalOf, waysToRun } from "./plan";
import { save } from "./storage";
import type { Store } from "./state";
import type { Action, SourceFile } from "./types";

const HEADINGS: Record<Action["result"], string> = { text: "Show", messages: "Check", files: "Change" };

export class Tools {
  private readonly label = byId("run-label");
  private readonly button = byId<HTMLButtonElement>("tools-button");
  private readonly menu: Menu;

  constructor(
    private readonly store: Store,
    private readonly files: () => readonly SourceFile[],
    private readonly start: (choice: string) => void,
  ) {
    this.menu = new Menu(this.button, byId("tools-menu"), () => this.groups(), (id) => this.choose(id));
    store.subscribe((state, before) => {
      if (state === before || state.language !== before.language || state.choice !== before.choice || state.options !== before.options)
        this.follow();
      this.button.disabled = !state.language;
    });
  }

  /** The button says what it will do; to be called when the text has changed. */
  follow(): void {
    const { state } = this.store;
    this.label.textContent = planFor(state, state.choice, this.files()).label;
  }

  open(): void {
    if (!this.button.disabled) this.menu.open();
  }

  private groups(): MenuGroup[] {
    const { language, choice } = this.store.state;
    if (!language) return [];
    const now = planFor(this.store.state, AUTO, this.files()).label;
    const ways: MenuItem[] = waysToRun(language).map(({ id, name }) => ({ id, label: name, checked: choice === id }));
    if (ways.length > 1)
      ways.unshift({ id: AUTO, label: "As the text asks", note: `run, test or build; now: ${now.toLowerCase()}`, checked: choice === AUTO });
    const chosen = ways.find(({ checked }) => checked);
    if (chosen) chosen.key = keyName("Mod+Enter");
    const groups: MenuGroup[] = [{ items: ways }];
    for (const result of ["files", "messages", "text"] as const) {
      const actions = (language.actions ?? []).filter((action) => action.result === result);
      if (actions.length) groups.push({ heading: HEADINGS[result], items: actions.map((action) => this.item(action)) });
    }
    return groups;
  }

  private item(action: Action): MenuItem {
    const { id, name, result, note } = action;
    const refusal = refusalOf(action, this.store.state.options);
    return {
      id,
      label: name,
      note: refusal ?? note,
      disabled: refusal !== undefined,
      ...(id === "format" ? { key: keyName("Alt+Shift+KeyF") } : {}),
      ...(result === "files" ? {} : { checked: this.store.state.choice === id }),
    };
  }

  /* What shows or runs something stays chosen, to be done again by the button; a change is made once. */
  private choose(id: string): void {
    const { language } = this.store.state;
    const action = language?.actions?.find((other) => other.id === id);
    if (language && action?.result !== "files") {
      save(`choice.${language.id}`, id);
      this.store.update({ choice: id });
    }
    this.start(id);
  }
}
