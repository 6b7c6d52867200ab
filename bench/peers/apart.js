// Parlor's Worker as it was built, in several `workerd`: rooms in one, relays in others, which reach the rooms by
// HTTP, where on the platform a binding does. What runs is the build, unchanged; this file stands for the network.
//
// Each process of relays is a continent: visitors from there are sent to its relays, and to no other's.

import Parlor, { Lobby, Relay as BuiltRelay, RoomObject } from "./index.js";

export { Lobby, RoomObject };

/** The object that a request from another process is for. */
const OBJECT = "parlor-bench-object";

/** The rooms of the other process: named as the platform's own class, by which the Worker knows a namespace. */
class DurableObjectNamespace {
  #process;

  constructor(process) {
    this.#process = process;
  }

  getByName(name) {
    return {
      fetch: (request, init) => {
        const copy = new Request(request, init);
        copy.headers.set(OBJECT, name);
        return this.#process.fetch(copy);
      },
    };
  }
}

/** What a process is given, with the other's rooms for its own. */
function withRooms(env) {
  return env.ROOMS_AT ? { ...env, ROOMS: new DurableObjectNamespace(env.ROOMS_AT) } : env;
}

export class Relay extends BuiltRelay {
  constructor(ctx, env) {
    super(ctx, withRooms(env));
    this.ctx = ctx;
  }

  fetch(request) {
    // As the platform resets an object: its memory is gone, and its sockets.
    if (new URL(request.url).pathname === "/bench/abort") this.ctx.abort("benchmark");
    return super.fetch(request);
  }
}

export default class extends Parlor {
  constructor(ctx, env) {
    super(ctx, withRooms(env));
  }

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const object = request.headers.get(OBJECT);
    if (object !== null) return this.env.ROOMS.getByName(object).fetch(request);
    if (pathname === "/bench/abort") {
      await this.env.RELAYS.getByName(searchParams.get("relay")).fetch(request).catch(() => {});
      return new Response("aborted\n");
    }
    const { CONTINENT: continent } = this.env;
    return super.fetch(continent ? new Request(request, { cf: { continent } }) : request);
  }
}
