// The keys of other editors, loaded when asked for.

import type { Extension } from "@codemirror/state";
import type { Keys } from "./settings";

export async function loadKeys(keys: Keys): Promise<Extension> {
  try {
    if (keys === "vim") return (await import("@replit/codemirror-vim")).vim({ status: true });
    if (keys === "emacs") return (await import("@replit/codemirror-emacs")).emacs();
  } catch {
    /* The server is away: the usual keys work all the same. */
  }
  return [];
}
