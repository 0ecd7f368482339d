// A button that opens a menu (WAI-ARIA's menu button pattern): arrows, Home, End and first letters move,
// Escape and Tab close.

import { el } from "./dom";

export interface MenuItem {
  id: string;
  label: string;
  /** what it does, or why it cannot */
  note?: string | undefined;
  key?: string | undefined;
  disabled?: boolean;
  /** of items that exclude each other: whether it is the one in force */
  checked?: boolean;
}

/** Items in groups, each with a heading or none. */
export interface MenuGroup {
  heading?: string;
  items: MenuItem[];
}

export class Menu {
  constructor(
    private readonly button: HTMLButtonElement,
    private readonly panel: HTMLElement,
    private readonly groups: () => MenuGroup[],
    private readonly onChoice: (id: string) => void,
  ) {
    panel.setAttribute("role", "menu");
    button.setAttribute("aria-haspopup", "menu");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => (panel.hidden ? this.open() : this.close()));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" || !panel.hidden) return;
      event.preventDefault();
      this.open();
    });
    panel.addEventListener("click", (event) => {
      const item = (event.target as Element).closest<HTMLElement>(".menu-item");
      if (item) this.choose(item);
    });
    panel.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("pointerdown", (event) => {
      const path = event.composedPath();
      if (!panel.hidden && !path.includes(panel) && !path.includes(button)) this.close(false);
    });
  }

  open(): void {
    this.panel.replaceChildren(...this.groups().map((group, i) => this.group(group, i)));
    this.panel.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    (this.panel.querySelector<HTMLElement>("[aria-checked=true]") ?? this.items[0])?.focus();
  }

  close(focusButton = true): void {
    this.panel.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (focusButton) this.button.focus();
  }

  private get items(): HTMLElement[] {
    return [...this.panel.querySelectorAll<HTMLElement>(".menu-item")];
  }

  private group({ heading, items }: MenuGroup, index: number): HTMLElement {
    const id = `${this.panel.id}-group-${index}`;
    return el(
      "div",
      { role: "group", class: "menu-group", "aria-labelledby": heading && id },
      heading && el("p", { class: "menu-heading", id, role: "presentation" }, heading),
      ...items.map((item) => this.item(item)),
    );
  }

  private item({ id, label, note, key, disabled, checked }: MenuItem): HTMLElement {
    return el(
      "button",
      {
        type: "button",
        class: "menu-item",
        role: checked === undefined ? "menuitem" : "menuitemradio",
        "aria-checked": checked === undefined ? undefined : String(checked),
        "aria-disabled": disabled ? "true" : undefined,
        "data-id": id,
        tabindex: -1,
      },
      el("span", { class: "menu-label" }, label),
      key && el("kbd", { "aria-hidden": "true" }, key),
      note && el("small", {}, note),
    );
  }

  private choose(item: HTMLElement): void {
    if (item.getAttribute("aria-disabled") === "true") return;
    this.close();
    this.onChoice(item.dataset["id"]!);
  }

  private key(event: KeyboardEvent): void {
    const { items } = this;
    const at = items.indexOf(document.activeElement as HTMLElement);
    const focus = (index: number) => items[(index + items.length) % items.length]?.focus();
    if (event.key === "ArrowDown") focus(at + 1);
    else if (event.key === "ArrowUp") focus(at - 1);
    else if (event.key === "Home") focus(0);
    else if (event.key === "End") focus(-1);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab") {
      this.close();
      return;
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const letter = event.key.toLowerCase();
      const order = [...items.slice(at + 1), ...items.slice(0, at + 1)];
      order.find((item) => item.textContent.toLowerCase().startsWith(letter))?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
