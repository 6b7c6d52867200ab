// @ts-check
// The first thing that the page does, before any words are loaded: takes the token out of its address.

import { roomFromPath } from "./room-name.js";
import { takeToken, watchForToken } from "./token.js";

const room = roomFromPath(location.pathname);
takeToken(room);
watchForToken(room);
