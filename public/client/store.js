// @ts-check
// What outlives the page: the session, and each send that is not known to be stored, in an entry of its
// own so that two tabs don't overwrite each other's. A store that denies or is full costs only that.

/** @typedef {import("./parlor.js").Store} Store */

/**
 * @typedef {object} Entry  A send as kept.
 * @property {string} id
 * @property {string} text
 * @property {number} [replyTo]
 * @property {number} said_at  Unix time in milliseconds.
 * @property {number} order  Sends go out in this order.
 * @property {{ epoch: string, member: number }} [triedAs]  Set before it goes out for the first time.
 * @property {import("./parlor.js").Refusal} [failure]
 */

/** A page's `localStorage`; elsewhere, or where it is denied, nothing. @returns {Store | undefined} */
export function defaultStore() {
  try {
    return typeof document === "undefined" ? undefined : localStorage;
  } catch {
    return undefined;
  }
}

export class Keeper {
  #store;
  #room;
  #name;

  /** @param {Store | undefined} store @param {string} room  Host and path. @param {string} name */
  constructor(store, room, name) {
    this.#store = store;
    this.#room = room;
    this.#name = tidy(name);
  }

  get session() {
    return this.#try((store) => store.getItem(this.#sessionKey)) ?? undefined;
  }

  /** @param {string} session */
  keepSession(session) {
    this.#try((store) => store.setItem(this.#sessionKey, session));
  }

  /** Returns the entries that are kept, in order. @returns {Entry[]} */
  load() {
    const keys = this.#try((store) => Array.from({ length: store.length }, (_, index) => store.key(index))) ?? [];
    const ids = keys.flatMap((key) => (key?.startsWith(this.#sendKey("")) ? key.slice(this.#sendKey("").length) : []));
    const entries = ids.flatMap((id) => this.read(id) ?? []);
    return entries.sort((a, b) => a.order - b.order || a.said_at - b.said_at);
  }

  /** @param {string} id @returns {Entry | undefined} */
  read(id) {
    return this.#try((store) => {
      const entry = JSON.parse(store.getItem(this.#sendKey(id)) ?? "null");
      return entry?.id === id && typeof entry.text === "string" ? entry : undefined;
    });
  }

  /** @param {Entry} entry */
  save({ id, text, replyTo, said_at, order, triedAs, failure }) {
    const kept = JSON.stringify({ id, text, replyTo, said_at, order, triedAs, failure });
    this.#try((store) => store.setItem(this.#sendKey(id), kept));
  }

  /** @param {string} id */
  remove(id) {
    this.#try((store) => store.removeItem(this.#sendKey(id)));
  }

  /** The member goes by another name: its session and these sends go along. @param {string} name @param {readonly string[]} ids */
  rename(name, ids) {
    if (tidy(name) === this.#name) return;
    const keys = () => [this.#sessionKey, ...ids.map((id) => this.#sendKey(id))];
    const before = keys();
    this.#name = tidy(name);
    const after = keys();
    this.#try((store) => before.forEach((key, index) => move(store, key, after[index] ?? key)));
  }

  get #sessionKey() {
    return `parlor.session ${this.#room} ${encodeURIComponent(this.#name)}`;
  }

  /** Neither a host with its path nor an encoded name holds a space, so no two keys are the same. @param {string} id */
  #sendKey(id) {
    return `parlor.send ${this.#room} ${encodeURIComponent(this.#name)} ${id}`;
  }

  /** @template T @param {(store: Store) => T} use @returns {T | undefined} */
  #try(use) {
    try {
      return this.#store && use(this.#store);
    } catch {
      return undefined; // denied, full or not ours
    }
  }
}

/** Moves what is there; what another tab moved or removed stays so. @param {Store} store @param {string} from @param {string} to */
function move(store, from, to) {
  const value = store.getItem(from);
  if (value === null) return;
  store.setItem(to, value);
  store.removeItem(from);
}

/** A name as the server will have it. @param {string} name */
export function tidy(name) {
  return name.normalize("NFC").trim();
}
