const { createHash } = require("crypto");
const { createServer } = require("http");
const { Worker } = require("worker_threads");

console.log(new Intl.NumberFormat("de").format(12345.6));
console.log(createHash("sha256").digest("hex").slice(0, 8));

function thread() {
  const code = "require('worker_threads').parentPort.postMessage(6 * 7)";
  return new Promise((done) => new Worker(code, { eval: true }).on("message", done));
}

const server = createServer((_, answer) => answer.end("served"));
server.listen(0, "127.0.0.1", async () => {
  console.log("thread", await thread());
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`);
  console.log(await answer.text());
  process.exit();
});
