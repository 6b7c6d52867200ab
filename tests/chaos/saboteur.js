// @ts-check
/**
 * Makes the room's own code fail, by the doors of the build with fault-injection: joins, sends the
 * text that does it, and is gone. Goes straight to the server: this is about the room, not the way to it.
 */
import { once } from "node:events";
import WebSocket from "ws";

export const TRIGGERS = { panic: "\u0000panic", "refuse-write": "\u0000refuse-write" };
/** Generous for a loaded machine. */
const PATIENCE_MS = 20_000;

export class Saboteur {
  #struck = 0;
  #port;
  #room;

  /** @param {() => number} port @param {string} room */
  constructor(port, room) {
    this.#port = port;
    this.#room = room;
  }

  /** Strikes, and waits until the room has ended the connection for it. @param {keyof typeof TRIGGERS} fault */
  async strike(fault) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port()}/${this.#room}`, { perMessageDeflate: false });
    socket.on("error", () => {}); // a close follows
    const closed = once(socket, "close", { signal });
    closed.catch(() => {});
    try {
      await Promise.race([once(socket, "open", { signal }), closed]);
      socket.send(JSON.stringify({ type: "join", name: "Saboteur" }));
      await Promise.race([once(socket, "message", { signal }), closed]);
      socket.send(JSON.stringify({ type: "send", id: `strike-${++this.#struck}`, text: TRIGGERS[fault] }));
      socket.send(JSON.stringify({ type: "history", limit: 1 })); // the next event, by which the room finds out
      await closed;
    } finally {
      socket.terminate();
    }
  }
}
