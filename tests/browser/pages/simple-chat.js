// @ts-check
/**
 * Behaves as the page of the "simple chat" article: the first line is the name; after each line the input
 * is disabled until something comes; what comes becomes HTML, the newest at the top.
 */
import { element, input, serverUrl } from "./page.js";

/** @type {string | undefined} */ let name;
const socket = new WebSocket(serverUrl());

socket.onopen = () => {
  input("input").disabled = false;
  element("status").textContent = "Choose name:";
};

socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data);
  if (frame.type === "color") {
    element("status").textContent = `${name}: `;
    element("status").style.color = frame.data;
    input("input").disabled = false;
    input("input").focus();
  } else if (frame.type === "history") {
    for (const entry of frame.data) add(entry);
  } else if (frame.type === "message") {
    input("input").disabled = false;
    add(frame.data);
  } else {
    throw new Error(`unknown frame ${data}`);
  }
};

input("input").onkeydown = ({ key }) => {
  const text = input("input").value;
  if (key !== "Enter" || text === "") return;
  socket.send(text);
  input("input").value = "";
  input("input").disabled = true;
  name ??= text;
};

setInterval(() => {
  if (socket.readyState === WebSocket.OPEN) return;
  element("status").textContent = "Error";
  input("input").disabled = true;
}, 3_000);

/** @param {{ time: number, text: string, author: string, color: string }} entry */
function add({ time, text, author, color }) {
  const at = new Date(time);
  const line = document.createElement("p");
  line.innerHTML = `<span style="color:${color}">${author}</span> @ ${at.getHours()}:${at.getMinutes()}: ${text}`;
  element("content").prepend(line);
}
