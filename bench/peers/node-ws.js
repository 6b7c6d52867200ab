// The pattern of the chats that Parlor grew from: Node with `ws`, one JSON object a frame; join, escape, tell
// everybody, keep the newest 100 in memory. Prints its port.

import { WebSocketServer } from "ws";

const HISTORY_MAX = 100;
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#039;" };
const history = [];
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false }, () => {
  console.log(server.address().port);
});

server.on("connection", (socket) => {
  let name = "Anonymous";
  socket.on("message", (data) => {
    let frame;
    try {
      frame = JSON.parse(data.toString());
    } catch {
      return;
    }
    if (frame.type === "join") {
      name = escape(String(frame.username).slice(0, 30));
      socket.send(JSON.stringify({ type: "history", data: history }));
      tell({ type: "system", text: `${name} joined the chat`, timestamp: new Date().toISOString() });
    } else if (frame.type === "message") {
      const text = escape(String(frame.text).slice(0, 500));
      const message = { type: "message", username: name, text, timestamp: new Date().toISOString() };
      history.push(message);
      if (history.length > HISTORY_MAX) history.shift();
      tell(message);
    }
  });
});

function tell(frame) {
  const text = JSON.stringify(frame);
  for (const client of server.clients) if (client.readyState === client.OPEN) client.send(text);
}

function escape(text) {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]);
}
