// Server-sent events out of a byte stream (WHATWG HTML, 9.2.6), over fetch rather than EventSource: a reply
// that is not a stream can be read as the error it is, and nothing reconnects behind our back.

export interface ServerSentEvent {
  event: string;
  data: string;
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pending = "";
  let event = "";
  let data: string[] = [];

  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      pending += decoder.decode(value, { stream: true });
      let start = 0;
      for (let end; (end = pending.indexOf("\n", start)) >= 0; start = end + 1) {
        const line = pending.slice(start, pending[end - 1] === "\r" && end > start ? end - 1 : end);
        if (line === "") {
          if (data.length) yield { event: event || "message", data: data.join("\n") };
          event = "";
          data = [];
          continue;
        }
        const colon = line.indexOf(":");
        if (colon === 0) continue; /* a comment: the server showing it is alive */
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
        if (field === "event") event = text;
        else if (field === "data") data.push(text);
      }
      pending = pending.slice(start);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
