// What the page's address asks for: a text (?code=), a stored snippet (?gist=ID or ?snippet=ID), a language,
// and options by the names the Rust Playground gave them (?version= ?mode= ?edition=).

import { fetchSnippet } from "./api";
import type { Language, SourceFile } from "./types";

export interface Address {
  language: string;
  code: string | null;
  snippet: string;
  options: Record<string, string>;
}

/** What the address says of a program, with its language. */
export interface Opened {
  language: Language;
  files: SourceFile[] | null;
  options: Record<string, string>;
}

const OPTION_NAMES: Record<string, string> = { version: "channel" };
const OWN = ["language", "code", "gist", "snippet", "theme"];

export function readAddress(search: string): Address {
  const parameters = new URLSearchParams(search);
  const options: Record<string, string> = {};
  for (const [name, value] of parameters)
    if (!OWN.includes(name)) options[OPTION_NAMES[name] ?? name] = value;
  return {
    language: parameters.get("language") ?? "",
    code: parameters.get("code"),
    snippet: parameters.get("snippet") ?? parameters.get("gist") ?? "",
    options,
  };
}

function find(languages: readonly Language[], id: string): Language | undefined {
  return languages.find((language) => language.id === id || language.aliases?.includes(id));
}

/* A text without a language is Rust's, as in the Rust Playground, whose addresses these are. */
function languageOf({ language, code, options }: Address, languages: readonly Language[]): Language | undefined {
  if (language) return find(languages, language);
  const asked = code !== null || Object.keys(options).length > 0;
  return asked ? (find(languages, "rust") ?? languages[0]) : undefined;
}

function known(language: Language, options: Record<string, string>): Record<string, string> {
  const there = new Map(Object.entries(language.options ?? {}));
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => there.get(name)?.values.includes(value)));
}

/** What the address asks for, or null when it asks for nothing; rejects with a sentence for people. */
export async function openAddress(address: Address, languages: readonly Language[]): Promise<Opened | null> {
  if (address.snippet) {
    const snippet = await fetchSnippet(address.snippet);
    const language = find(languages, snippet.language);
    if (!language) throw new Error(`The snippet is in ${snippet.language}, which this server does not have.`);
    const files = (snippet.files ?? [{ content: snippet.code ?? "" }]).map(({ name, content }, i) => ({
      name: name || (i ? `file${i}` : language.main_file),
      text: content,
    }));
    return { language, files, options: known(language, { ...snippet.options, ...address.options }) };
  }
  const language = languageOf(address, languages);
  if (!language) {
    if (address.language) throw new Error(`This server has no language ${address.language}.`);
    return null;
  }
  const files = address.code === null ? null : [{ name: language.main_file, text: address.code }];
  return { language, files, options: known(language, address.options) };
}
