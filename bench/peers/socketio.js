// Socket.IO with connection state recovery, as its documentation has it. Prints its port.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: true },
});

io.on("connection", (socket) => {
  socket.on("say", ({ name, text }) => io.emit("said", { name, text, at: Date.now() }));
});

http.listen(0, "127.0.0.1", () => console.log(http.address().port));
