// What a page for the Rust Playground's interface asks of its server, each request by itself. Leaves [name, fault or null] in window.report.
const report = [];
const own = document.querySelector("script[data-wasm]").dataset;
const rust = { channel: "stable", mode: "debug", edition: "2021", crateType: "bin", tests: false, backtrace: false };
const hello = 'fn main() { println!("hello"); }';

function expect(condition, what) {
  if (!condition) throw new Error(what);
}

async function ask(path, body, status = 200) {
  const init = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, init);
  const text = await response.text();
  expect(response.status === status, `${path}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}

/* The session's messages as they come, one after the other. */
function session() {
  const socket = new WebSocket(`ws://${location.host}/websocket`);
  const came = [], waiting = [];
  socket.onmessage = ({ data }) => (waiting.length ? waiting.shift()(data) : came.push(data));
  const next = () => (came.length ? Promise.resolve(came.shift()) : new Promise((resolve) => waiting.push(resolve)));
  const send = (type, sequenceNumber, payload) => socket.send(JSON.stringify({ type, payload, meta: { sequenceNumber } }));
  const until = async (type) => {
    const seen = [];
    do seen.push(JSON.parse(await next()));
    while (!seen.at(-1).type.endsWith(type));
    return seen;
  };
  return { socket, next, send, until, opened: new Promise((resolve) => (socket.onopen = resolve)) };
}

const said = (messages) => messages.filter((m) => m.type.endsWith("Stdout")).map((m) => m.payload).join("");

const requests = {
  async "files of the page"() {
    const { instance } = await WebAssembly.instantiateStreaming(fetch(own.wasm));
    expect(instance, "WebAssembly came with another type");
    const types = ["font/woff2", "image/webp", "application/json"];
    for (const [i, path] of own.others.split(" ").entries()) {
      const { status, headers } = await fetch(path);
      expect(status === 200 && headers.get("Content-Type") === types[i], `${path}: ${status} ${headers.get("Content-Type")}`);
    }
    const script = await fetch(document.querySelector("script[data-wasm]").src);
    expect(/immutable/.test(script.headers.get("Cache-Control")), "a hashed name may be kept");
    expect((await fetch("/")).headers.get("Cache-Control") === "no-cache", "the page itself may not");
  },
  async "the second address of the page"() {
    expect((await (await fetch("/help")).text()).includes("Another page"), "/help is another page");
  },
  async "meta"() {
    expect((await ask("/meta/versions")).stable.rustc.version, "no version");
    expect((await ask("/meta/crates")).crates.length > 0, "no crates");
    expect((await ask("/meta/crates", {})).crates.length > 0, "no crates by POST");
  },
  async "execute"() {
    const { success, exitDetail, stdout, stderr } = await ask("/execute", { ...rust, code: hello });
    expect(success && stdout === "hello\n" && exitDetail === "Exited with status 0", `${stdout} ${exitDetail}`);
    expect(stderr.includes("   Compiling playground v0.0.1 (/playground)"), stderr);
  },
  async "compile"() {
    for (const target of ["asm", "llvm-ir", "mir"]) {
      const { success, code } = await ask("/compile", {
        ...rust, target, assemblyFlavor: "att", demangleAssembly: "demangle", processAssembly: "filter", code: hello });
      expect(success && code.includes("main"), target);
    }
  },
  async "tools"() {
    const code = "fn  main(){let v=vec![1];for i in 0..v.len(){println!(\"{}\",v[i]);}}";
    expect((await ask("/format", { edition: "2021", code })).code.startsWith("fn main() {\n"), "format");
    expect((await ask("/clippy", { edition: "2021", crateType: "bin", code })).stderr.includes("needless_range_loop"), "clippy");
    const expanded = await ask("/macro-expansion", { edition: "2021", code });
    expect(expanded.success && expanded.stdout.includes("fn main()") && !expanded.stdout.includes("println!"), "expansion");
    expect((await ask("/miri", { edition: "2021", code }, 500)).error, "miri");
    expect((await ask("/evaluate.json", { version: "stable", optimize: "0", code: hello })).result === "hello\n", "evaluate");
  },
  async "gists"() {
    const { id } = await ask("/meta/gist", { code: hello });
    expect((await ask(`/meta/gist/${id}`)).code === hello, "another gist");
  },
  async "no WebSocket"() {
    expect((await ask("/nowebsocket", { error: "none" })) === "", "an answer");
  },
  async "a WebSocket session"() {
    const { socket, next, send, until, opened } = session();
    await opened;
    const greeting = JSON.stringify({ type: "websocket/connected", payload: { iAcceptThisIsAnUnsupportedApi: true },
      meta: { websocket: true, sequenceNumber: 0 } });
    socket.send(greeting);
    expect((await next()) === greeting, "the greeting comes back otherwise");
    expect(JSON.parse(await next()).type === "featureFlags", "no feature flags");
    const echo = "fn main() { for l in std::io::stdin().lines() { println!(\"<{}>\", l.unwrap()); } }";
    send("output/execute/wsExecuteRequest", 1, { ...rust, code: echo });
    await until("wsExecuteBegin");
    send("output/execute/wsExecuteStdin", 1, "one\n");
    send("output/execute/wsExecuteStdinClose", 1);
    const messages = await until("wsExecuteEnd");
    expect(said(messages) === "<one>\n" && messages.at(-1).payload.success, said(messages));
    send("output/execute/wsExecuteRequest", 2, { ...rust, code: echo });
    await until("wsExecuteBegin");
    send("output/execute/wsExecuteKill", 2);
    expect(!(await until("wsExecuteEnd")).at(-1).payload.success, "killed, and well");
    socket.close();
  },
};

for (const [name, request] of Object.entries(requests))
  report.push([name, await request().then(() => null, (error) => String(error))]);
window.report = report;
