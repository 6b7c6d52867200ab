// @ts-check
/** Behaves as the page of a `ws` tutorial: joins when the socket opens, and trusts the server with its HTML. */
import { element, input, serverUrl } from "./page.js";

/** @type {WebSocket} */
let socket;

element("join").onsubmit = (event) => {
  event.preventDefault();
  socket = new WebSocket(serverUrl());
  socket.onopen = () => {
    socket.send(JSON.stringify({ type: "join", username: input("username").value }));
    element("join").hidden = true;
    element("chat").hidden = false;
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    const time = new Date(frame.timestamp).toLocaleTimeString();
    const line = document.createElement("p");
    line.className = frame.type;
    if (frame.type === "system") line.innerHTML = `[${time}] ${frame.text}`;
    else if (frame.type === "message") line.innerHTML = `[${time}] <strong>${frame.username}</strong>: ${frame.text}`;
    else throw new Error(`unknown frame ${data}`);
    element("messages").append(line);
  };
};

element("chat").onsubmit = (event) => {
  event.preventDefault();
  socket.send(JSON.stringify({ type: "message", text: input("message").value }));
  input("message").value = "";
};
