// The floor of the platform: the barest Durable Object that hibernates and tells everybody what it is told.
// Nothing is parsed, checked, numbered or stored.

import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(_ws, message) {
    for (const ws of this.ctx.getWebSockets()) ws.send(message);
  }
}

export default {
  fetch(request, env) {
    return env.ROOMS.getByName(new URL(request.url).pathname).fetch(request);
  },
};
