// The pattern of workers-chat-demo: each message is a row of its own under its time, a joiner gets the newest
// 100. Told at once, one frame for each member. `/costs` of a room says what it counted.

import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  counts = { received: 0, requests: 0, written: 0, read: 0, frames: 0 };
  last = 0;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS message (at INTEGER PRIMARY KEY, data TEXT NOT NULL)");
  }

  async fetch(request) {
    if (new URL(request.url).pathname.endsWith("/costs")) return Response.json(this.counts);
    this.counts.requests++;
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(ws, text) {
    this.counts.received++;
    const data = JSON.parse(text);
    if (ws.deserializeAttachment() === null) {
      ws.serializeAttachment({ name: String(data.name).slice(0, 32) });
      const cursor = this.ctx.storage.sql.exec("SELECT data FROM message ORDER BY at DESC LIMIT 100");
      for (const row of cursor.toArray().reverse()) ws.send(row.data);
      this.counts.read += cursor.rowsRead;
      ws.send('{"ready":true}');
      return this.tell(JSON.stringify({ joined: data.name }));
    }
    this.last = Math.max(Date.now(), this.last + 1);
    const message = JSON.stringify({ name: ws.deserializeAttachment().name, message: String(data.text), timestamp: this.last });
    this.tell(message);
    const cursor = this.ctx.storage.sql.exec("INSERT INTO message (at, data) VALUES (?, ?)", this.last, message);
    this.counts.written += cursor.rowsWritten;
  }

  webSocketClose(ws, code) {
    if (code !== 1005 && code !== 1006) ws.close(code);
  }

  tell(text) {
    for (const ws of this.ctx.getWebSockets()) {
      ws.send(text);
      this.counts.frames++;
    }
  }
}

export default {
  fetch(request, env) {
    return env.ROOMS.getByName(new URL(request.url).pathname.split("/")[1]).fetch(request);
  },
};
