// Syntax support by the manifest's `editor` name, loaded when first needed. A name not known here gets a
// plain text editor: the server may know languages the page does not.

import type { Extension } from "@codemirror/state";
import { indentUnit } from "@codemirror/language";

const loaders: Record<string, () => Promise<Extension>> = {
  rust: async () => (await import("@codemirror/lang-rust")).rust(),
  cpp: async () => (await import("@codemirror/lang-cpp")).cpp(),
  c: async () => (await import("@codemirror/lang-cpp")).cpp(),
  python: async () => (await import("@codemirror/lang-python")).python(),
};

export async function loadSyntax(name: string): Promise<Extension> {
  const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  const unit = indentUnit.of("    ");
  if (!loader) return unit;
  try {
    return [await loader(), unit];
  } catch {
    /* The server is away: the text can be edited all the same. */
    return unit;
  }
}
