// @ts-check
/** Behaves as the page of ScaleSocket's chat example: any object without a `t` that it knows is a line. */
import { element, input, serverUrl } from "./page.js";

const room = new URLSearchParams(location.search).get("room") ?? "room1";
const messages = /** @type {HTMLTextAreaElement} */ (element("messages"));
const socket = new WebSocket(serverUrl(room));

socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.t === "Join") messages.value += "a participant joined the chat\n";
  else if (message.t === "Leave") messages.value += "a participant left the chat\n";
  else messages.value += `<${message.nick}> ${message.text}\n`;
};

socket.onopen = () => {
  messages.value = `Connected to ${room}\n`;
  input("message").placeholder = "type message...";
  input("message").disabled = false;
};

input("message").onkeyup = ({ key }) => {
  const text = input("message").value.trim();
  if (key !== "Enter" || text === "") return;
  socket.send(JSON.stringify({ nick: input("nick").value || "anonymous", text }));
  input("message").value = "";
};
