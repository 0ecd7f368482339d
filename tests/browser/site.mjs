// Another site, on this machine: what embeds programs is tested from a page of a different origin.
import { createServer } from "node:http";

/** The port of the site that the server under test names with --allow-origin http://localhost:47811. */
export const NAMED_PORT = 47811;

/**
 * Serves answer(path), which gives [type, body], or null for what there is not; a port of 0 is any. Calls
 * test(address), and closes when that is over.
 */
export async function withSite(port, answer, test) {
  const site = createServer((request, response) => {
    const found = answer(new URL(request.url, "http://localhost").pathname);
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", found[0]);
    response.end(found[1]);
  });
  await new Promise((listening) => site.listen(port, "localhost", listening));
  try {
    await test(`http://localhost:${site.address().port}/`);
  } finally {
    site.closeAllConnections();
    site.close();
  }
}

/** A site of one page with this in its body. */
export function onePage(html) {
  const page = `<!DOCTYPE html><html lang="en"><head><link rel="icon" href="data:,"></head><body>${html}</body></html>`;
  return () => ["text/html; charset=utf-8", page];
}
