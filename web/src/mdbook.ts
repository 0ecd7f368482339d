// /mdbook.js, for books made with mdBook: its page script sends programs to the public Rust Playground; this,
// loaded before it, has them sent to the server it comes from. Both speak the same API.

(() => {
  const PUBLIC = "https://play.rust-lang.org/";
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) return;
  const server = new URL("/", script.src).href;
  const fetchAnywhere = window.fetch.bind(window);

  window.fetch = (input, init) =>
    typeof input === "string" && input.startsWith(PUBLIC)
      ? fetchAnywhere(server + input.slice(PUBLIC.length), init)
      : fetchAnywhere(input, init);
})();
