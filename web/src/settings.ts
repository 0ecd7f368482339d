// How the visitor likes the page: kept in this browser, changed in the settings dialog.

export type Keys = "usual" | "vim" | "emacs";
export type Layout = "auto" | "columns" | "rows";

export interface Settings {
  keys: Keys;
  /** of code and output, in pixels */
  fontSize: number;
  layout: Layout;
  /** a plain text field instead of the editor */
  plain: boolean;
  wrap: boolean;
}

export const FONT_SIZES = [11, 12, 13, 14, 15, 16, 18, 20, 24];

export const usualSettings: Settings = {
  keys: "usual",
  fontSize: 14,
  layout: "auto",
  plain: false,
  wrap: true,
};
