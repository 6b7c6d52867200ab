// What is done with the platform's own objects on this side of the border. The fan-out's inner loop is here, so
// that WebAssembly crosses to JavaScript once for a frame, not once for each socket.

/**
 * Sends a frame to all. Returns how many that were.
 * @param {WebSocket[]} sockets
 * @param {string} frame
 */
export function sendToAll(sockets, frame) {
  for (const socket of sockets) {
    try {
      socket.send(frame);
    } catch {
      // The socket is ending; its close event follows.
    }
  }
  return sockets.length;
}

/**
 * All sockets of an object, after what is attached to them, a line each, empty where there is nothing: one crossing
 * for a room that wakes.
 * @param {{ getWebSockets: () => (WebSocket & { deserializeAttachment: () => unknown })[] }} state
 */
export function held(state) {
  const sockets = state.getWebSockets();
  const lines = sockets.map((socket) => {
    const kept = socket.deserializeAttachment();
    return typeof kept === "string" ? kept : "";
  });
  return [lines.join("\n"), ...sockets];
}

/** @param {WebSocket & { serializeAttachment?: (value: unknown) => void }} socket @param {string} text */
export function attach(socket, text) {
  socket.serializeAttachment?.(text);
}

/**
 * Lets nothing happen to the object until the platform has looked at what else there is to do. It goes on with a
 * connection, or with a dozen, for as long as they have frames waiting, and does not look at any other; whoever
 * comes meanwhile stands in line behind this.
 * @param {{ blockConcurrencyWhile: (wait: () => Promise<void>) => Promise<void> }} state
 */
export function giveWay(state) {
  void state.blockConcurrencyWhile(() => new Promise((resolve) => setTimeout(resolve, 0)));
}

/**
 * Has the platform answer pings with this pair; without one they come to the object.
 * @param {{ setWebSocketAutoResponse: (pair?: object) => void }} state
 * @param {object} [pair]
 */
export function answerPings(state, pair) {
  state.setWebSocketAutoResponse(pair);
}
