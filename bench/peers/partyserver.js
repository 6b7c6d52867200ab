// PartyServer as its documentation has it, hibernating. What is said is parsed and told to everybody.

import { Server, routePartykitRequest } from "partyserver";

export class Room extends Server {
  static options = { hibernate: true };
  counts = { received: 0, requests: 0, written: 0, read: 0, frames: 0 };

  onConnect() {
    this.counts.requests++;
  }

  onRequest() {
    return Response.json(this.counts);
  }

  onMessage(_connection, message) {
    this.counts.received++;
    const { name, text } = JSON.parse(message);
    this.broadcast(JSON.stringify({ name, text, at: Date.now() }));
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) || new Response("Not Found", { status: 404 });
  },
};
