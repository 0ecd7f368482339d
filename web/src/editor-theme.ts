// The editor's looks. Colours are the page's own variables, so they follow its light or dark theme.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/* No images: the policy the page is served with allows none from data: URLs. */
const underline = (colour: string) => ({
  backgroundImage: "none",
  paddingBottom: "0",
  textDecoration: `underline wavy ${colour}`,
  textDecorationSkipInk: "none",
  textUnderlineOffset: "3px",
});

const looks = EditorView.theme({
  "&": { height: "var(--editor-height, 100%)", color: "var(--ink)", backgroundColor: "transparent", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "14px 0 var(--editor-end, 40vh)", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 20px 0 8px" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--faint)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 10px 0 12px", minWidth: "calc(22px + 2ch)" },
  ".cm-activeLine": { backgroundColor: "var(--active-line)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  ".cm-line.cm-linked": { backgroundColor: "var(--linked)", boxShadow: "inset 3px 0 var(--accent)" },
  ".cm-link-gutter .cm-gutterElement": { display: "flex", alignItems: "center", cursor: "pointer" },
  ".link-mark": {
    width: "6px",
    height: "1em",
    marginLeft: "4px",
    borderRadius: "2px",
    backgroundColor: "var(--accent)",
    opacity: "0.55",
  },
  ".link-mark:hover": { opacity: "1" },
  ".cm-cursor, .cm-dropCursor": { borderLeft: "2px solid var(--accent)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--match)",
    color: "inherit",
    borderRadius: "2px",
  },
  ".cm-nonmatchingBracket": { color: "var(--red)" },
  ".cm-selectionMatch": { backgroundColor: "var(--match)" },
  ".cm-searchMatch": { backgroundColor: "var(--match)", outline: "1px solid var(--line-strong)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--selection)" },
  ".cm-specialChar": { color: "var(--red)" },
  ".cm-lintRange-error": underline("var(--red)"),
  ".cm-lintRange-warning": underline("var(--amber)"),
  ".cm-lintRange-info, .cm-lintRange-hint": underline("var(--blue)"),
  ".cm-lintPoint:after": { display: "none" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
  },
  ".cm-diagnostic": { padding: "8px 12px", fontFamily: "var(--sans)", fontSize: "13px", maxWidth: "60ch" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--red)" },
  ".cm-diagnostic-warning": { borderLeft: "4px solid var(--amber)" },
  ".cm-diagnosticSource": { fontSize: "12px", opacity: "1", color: "var(--muted)" },
  ".cm-diagnosticAction": {
    backgroundColor: "var(--accent)",
    color: "var(--on-accent)",
    borderRadius: "6px",
    padding: "2px 9px",
    font: "600 12.5px var(--sans)",
  },
  ".cm-panel.cm-panel-lint ul [aria-selected], .cm-panel.cm-panel-lint ul:focus [aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--ink)",
  },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)", fontFamily: "var(--sans)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "10px 36px 10px 14px", fontSize: "13px" },
  ".cm-panel.cm-search label": { fontSize: "13px" },
  ".cm-panel.cm-search [name=close]": { top: "8px", right: "10px", color: "var(--muted)", fontSize: "20px" },
  ".cm-panel :focus-visible": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-textfield": {
    backgroundColor: "var(--panel)",
    color: "var(--ink)",
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
    padding: "4px 8px",
    fontSize: "13px",
  },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--panel)",
    color: "var(--ink)",
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
    padding: "4px 10px",
    fontSize: "13px",
    "&:active": { backgroundImage: "none", backgroundColor: "var(--hover)" },
  },
});

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.controlKeyword, tags.operatorKeyword], color: "var(--s-keyword)" },
  { tag: [tags.definitionKeyword, tags.moduleKeyword, tags.self], color: "var(--s-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.character], color: "var(--s-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.escape], color: "var(--s-number)" },
  { tag: [tags.typeName, tags.className, tags.namespace, tags.standard(tags.typeName)], color: "var(--s-type)" },
  {
    tag: [
      tags.function(tags.variableName),
      tags.function(tags.definition(tags.variableName)),
      tags.function(tags.propertyName),
      tags.standard(tags.variableName),
    ],
    color: "var(--s-function)",
  },
  { tag: [tags.macroName, tags.meta, tags.processingInstruction, tags.annotation], color: "var(--s-macro)" },
  { tag: tags.labelName, color: "var(--s-macro)" },
  { tag: [tags.lineComment, tags.blockComment, tags.comment], color: "var(--s-comment)", fontStyle: "italic" },
  { tag: [tags.docComment], color: "var(--s-comment)", fontStyle: "italic" },
  { tag: [tags.operator, tags.punctuation, tags.bracket, tags.derefOperator], color: "var(--s-punctuation)" },
  { tag: tags.invalid, color: "var(--red)" },
]);

export const editorLooks = [looks, syntaxHighlighting(highlight)];
