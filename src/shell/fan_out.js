// The fan-out's inner loop, on this side of the border: WebAssembly crosses to JavaScript once for a frame,
// not once for each socket.

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
