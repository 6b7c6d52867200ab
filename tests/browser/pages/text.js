// @ts-check
/** Behaves as a page that sends its lines as plain text and shows its own at once; all else is JSON. */
import { element, input, serverUrl } from "./page.js";

const socket = new WebSocket(serverUrl());
/** @param {string} text */
const add = (text) => element("messages").append(Object.assign(document.createElement("p"), { textContent: text }));

socket.onopen = () => {
  input("name").disabled = false;
};

socket.onmessage = ({ data }) => {
  const frame = read(data);
  if (frame?.type === "typing") element("typing").textContent = `${frame.user} is typing`;
  else if (frame?.type === "stopTyping") element("typing").textContent = "";
  else if (frame?.type === "userList") element("users").textContent = frame.users.join(", ");
  else add(data);
};

input("name").onchange = () => socket.send(JSON.stringify({ type: "setUsername", user: input("name").value }));
input("message").oninput = () => socket.send(JSON.stringify({ type: "typing", user: input("name").value }));

element("chat").onsubmit = (event) => {
  event.preventDefault();
  socket.send(JSON.stringify({ type: "stopTyping", user: input("name").value }));
  socket.send(input("message").value);
  add(input("message").value);
  input("message").value = "";
};

/** @param {string} data @returns {any} */
function read(data) {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
