// Two layouts of a log, in an object that does nothing else: a row for each message, or segments of 64 messages of
// which the newest is written again. `/?layout=segments&messages=6400&flush=5` says what that many messages cost
// that are stored five at a time.

import { DurableObject } from "cloudflare:workers";

const SEGMENT_MESSAGES = 64;

export class Room extends DurableObject {
  async fetch(request) {
    const query = new URL(request.url).searchParams;
    const [messages, flush] = [Number(query.get("messages")), Number(query.get("flush"))];
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS log (first INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    const line = JSON.stringify({ type: "message", seq: 1, id: "x".repeat(16), text: "x".repeat(64), from: "x".repeat(60) });
    let [rows, bytes, segment, first] = [0, 0, [], 1];
    const put = (key, body) => {
      rows += sql.exec("INSERT OR REPLACE INTO log (first, body) VALUES (?, ?)", key, body).rowsWritten;
      bytes += body.length;
    };
    for (let seq = 1; seq <= messages; seq += flush) {
      for (let at = seq; at < seq + flush; at++) {
        if (query.get("layout") === "rows") {
          put(at, line);
          continue;
        }
        if (segment.length === SEGMENT_MESSAGES) {
          // What came of this flush before is part of it.
          if (at > seq) put(first, segment.join("\n"));
          [segment, first] = [[], at];
        }
        segment.push(line);
      }
      if (query.get("layout") !== "rows") put(first, segment.join("\n"));
      await this.ctx.storage.sync();
    }
    return Response.json({ rows, bytes, stored: sql.databaseSize });
  }
}

export default {
  fetch(request, env) {
    return env.ROOMS.getByName(crypto.randomUUID()).fetch(request);
  },
};
