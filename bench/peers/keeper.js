// The barest Durable Object that hibernates and keeps what a chat must keep: the floor (floor.js), and of these what
// the variable KEEPS names. So each can be told apart in what waking costs.
//
//   seats   who each connection is, as an attachment that is read on waking
//   log     the newest row of a log, read on waking
//   row     each message in a row of the log, on disk before anybody is told
//   words   nothing, but each member says something on coming and is answered: what the platform takes for that

import { DurableObject } from "cloudflare:workers";

const TABLE = "CREATE TABLE IF NOT EXISTS segment (first_seq INTEGER PRIMARY KEY, body TEXT)";

export class Room extends DurableObject {
  #keeps;
  #sql;
  /** @type {Map<WebSocket, object> | undefined} */
  #seats;

  constructor(ctx, env) {
    super(ctx, env);
    this.#keeps = new Set(env.KEEPS.split(","));
    if (this.#keeps.has("log") || this.#keeps.has("row")) {
      this.#sql = ctx.storage.sql;
      this.#sql.exec(TABLE);
    }
    if (this.#keeps.has("log")) this.#sql.exec("SELECT first_seq, body FROM segment ORDER BY first_seq DESC LIMIT 1").toArray();
  }

  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    if (this.#keeps.has("seats")) {
      const seat = { connection: 1, dialect: "parlor.v1", opened_at: Date.now(), member: [1, "Member 1"] };
      server.serializeAttachment(JSON.stringify(seat));
      this.#seats?.set(server, seat);
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(from, message) {
    if (this.#keeps.has("words") && message === "hello") return from.send("welcome");
    const sockets = this.ctx.getWebSockets();
    if (this.#keeps.has("seats")) this.#seats ??= new Map(sockets.map((ws) => [ws, JSON.parse(ws.deserializeAttachment())]));
    if (this.#keeps.has("row")) this.#sql.exec("INSERT INTO segment (body) VALUES (?)", message);
    for (const ws of sockets) ws.send(message);
  }
}

export default {
  fetch(request, env) {
    return env.ROOMS.getByName(new URL(request.url).pathname).fetch(request);
  },
};
