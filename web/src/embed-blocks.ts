// /embed.js, for other sites: makes the code blocks of a page runnable. A block is <pre><code
// class="language-NAME">; under each comes a button, and on a click /embed in a frame takes the block's place, with its text.
// Attributes of the script element: data-languages (names parted by spaces; default those below),
// data-selector (of the code elements), data-theme (light or dark; default the system's).

(() => {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) return;
  const server = new URL(script.src).origin;
  const { languages = "rust rs c cpp c++ python py", selector = "pre > code", theme } = script.dataset;
  const wanted = new Set(languages.split(/\s+/));

  function languageOf(code: Element): string | undefined {
    /* Some generators write language-rust,editable. */
    const names = [...code.classList].flatMap((name) => /^lang(?:uage)?-(.+)$/.exec(name)?.[1]?.split(",") ?? []);
    return names.find((name) => wanted.has(name));
  }

  function openFrame(language: string, code: string): HTMLIFrameElement {
    const frame = document.createElement("iframe");
    const query = new URLSearchParams({ language, ...(theme ? { theme } : {}) });
    frame.src = `${server}/embed?${query.toString()}`;
    frame.title = `A program in ${language}, to edit and run`;
    frame.allow = "clipboard-write";
    Object.assign(frame.style, { width: "100%", height: "320px", border: "0", borderRadius: "14px", display: "block" });
    window.addEventListener("message", ({ source, origin, data }: MessageEvent) => {
      if (source !== frame.contentWindow || origin !== server) return;
      const message = data as { type?: unknown; height?: unknown } | null;
      if (message?.type === "sandlot.ready")
        frame.contentWindow?.postMessage({ type: "sandlot.program", language, code, run: true }, server);
      if (message?.type === "sandlot.height" && typeof message.height === "number")
        frame.style.height = `${Math.min(Math.max(message.height, 80), 1200)}px`;
    });
    return frame;
  }

  function makeRunnable(code: Element, language: string): void {
    const block = code.closest("pre") ?? (code as HTMLElement);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sandlot-run";
    button.textContent = "▶ Run";
    button.addEventListener("click", () => {
      const frame = openFrame(language, code.textContent.trimEnd());
      const { marginTop, marginBottom } = getComputedStyle(block);
      Object.assign(frame.style, { marginTop, marginBottom });
      block.style.display = "none";
      button.replaceWith(frame);
      frame.focus();
    });
    block.after(button);
  }

  function start(): void {
    for (const code of document.querySelectorAll(selector)) {
      const language = languageOf(code);
      if (language) makeRunnable(code, language);
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
