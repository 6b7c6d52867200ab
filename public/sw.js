// @ts-check
// The service worker: without a network it serves the page from a snapshot of its files; with one it stays
// out of the way, so that nothing is ever stale after a deploy.
//
// Invariants: a snapshot is of one deploy, taken at one time, and counts once it is whole; what is online goes
// to the network first; a page that began from the snapshot gets its other files from there too, so that
// no two deploys are mixed. Rooms, the API and sockets are not its business.
//
// The list is written by `node scripts/shell.mjs`, and held to the folder by tests/page/shell.test.js.

const SHELL = [
  "/",
  "/favicon.svg",
  "/client/clock.js",
  "/client/events.js",
  "/client/link.js",
  "/client/network.js",
  "/client/orders.js",
  "/client/outbox.js",
  "/client/parlor.js",
  "/client/presence.js",
  "/client/random-id.js",
  "/client/reconnect.js",
  "/client/records.js",
  "/client/refused.js",
  "/client/requests.js",
  "/client/sequence.js",
  "/client/store.js",
  "/page/arrive.js",
  "/page/asides.js",
  "/page/comings.js",
  "/page/completions.js",
  "/page/conversation.js",
  "/page/dates.js",
  "/page/dialog-words.js",
  "/page/drafts.js",
  "/page/explain.js",
  "/page/icons/192.png",
  "/page/icons/512.png",
  "/page/icons/apple-180.png",
  "/page/icons/maskable-512.png",
  "/page/identity.js",
  "/page/kept-history.js",
  "/page/links.js",
  "/page/listed-rooms.js",
  "/page/load.js",
  "/page/main.js",
  "/page/manifest.webmanifest",
  "/page/mentions.js",
  "/page/offline.js",
  "/page/recent-rooms.js",
  "/page/room-name.js",
  "/page/slice.js",
  "/page/storage.js",
  "/page/timeline.js",
  "/page/token.js",
  "/page/typing-signal.js",
  "/page/unread.js",
  "/page/view/actions.js",
  "/page/view/announcer.js",
  "/page/view/avatar.js",
  "/page/view/badge.js",
  "/page/view/composer.js",
  "/page/view/dialog.js",
  "/page/view/dom.js",
  "/page/view/entry.js",
  "/page/view/history.js",
  "/page/view/labels.js",
  "/page/view/line.js",
  "/page/view/mention-list.js",
  "/page/view/menu.js",
  "/page/view/messages.js",
  "/page/view/moderation.js",
  "/page/view/notifier.js",
  "/page/view/parts.js",
  "/page/view/people.js",
  "/page/view/recent.js",
  "/page/view/rename.js",
  "/page/view/room.js",
  "/page/view/rooms.js",
  "/page/view/scroll.js",
  "/page/view/share.js",
  "/page/view/shortcuts.js",
  "/page/view/status.js",
  "/page/view/viewport.js",
  "/page/visits.js",
  "/page/words.js",
  "/page/words/ar-dialogs.js",
  "/page/words/ar.js",
  "/page/words/en-dialogs.js",
  "/page/words/en.js",
  "/page/words/plurals.js",
  "/style/base.css",
  "/style/composer.css",
  "/style/dialog.css",
  "/style/entry.css",
  "/style/messages.css",
  "/style/people.css",
  "/style/room.css",
  "/style/rooms.css",
  "/style/status.css",
  "/style/values.css",
];

const SNAPSHOT = "parlor-shell-"; // and when it was begun; the newest that is whole counts
const NAVIGATION_MS_MAX = 4_000; // a network that is slower than this is as good as none
const SNAPSHOT_MS_MAX = 86_400_000; // taken anew once a day, whatever was noticed
const TAKEN_AT = "/taken-at"; // an entry that is put last: what has it is whole. No file of the page is named so

/** @typedef {Event & { waitUntil(work: Promise<unknown>): void }} WorkEvent */
/** @typedef {WorkEvent & { request: Request, clientId: string, resultingClientId: string, respondWith(answer: Promise<Response>): void }} FetchEvent */

const worker = /** @type {any} */ (self);
const files = new Set(SHELL);
/** Pages that were begun from a snapshot, and from which. @type {Map<string, string>} */
const begunOffline = new Map();
/** @type {Promise<void> | undefined} */
let taking;

worker.addEventListener("install", (/** @type {WorkEvent} */ event) => {
  event.waitUntil(takeSnapshot().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {WorkEvent} */ event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (/** @type {FetchEvent} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (request.mode === "navigate") {
    if (isPage(pathname)) event.respondWith(navigate(event));
  } else if (files.has(pathname)) {
    const name = begunOffline.get(event.clientId);
    event.respondWith(name === undefined ? fromNetwork(event, pathname) : fromSnapshot(name, pathname, request));
  }
});

/** Whether the path is the front page's or may be a room's; the server answers the others in its own way. @param {string} pathname */
function isPage(pathname) {
  return pathname === "/" || (/^\/[^/]+$/.test(pathname) && !/^\/(api|health|metrics|status|sw\.js|favicon\.svg)$/.test(pathname));
}

/** @param {FetchEvent} event @returns {Promise<Response>} */
async function navigate(event) {
  const cut = new AbortController();
  const late = setTimeout(() => cut.abort(), NAVIGATION_MS_MAX);
  try {
    const answer = await fetch(event.request, { signal: cut.signal });
    event.waitUntil(notice("/", answer)); // a room's page is the same file
    return answer;
  } catch (error) {
    const name = await newest();
    const kept = name && (await matching(name, "/"));
    if (!kept) throw error;
    begunOffline.set(event.resultingClientId, name);
    return kept;
  } finally {
    clearTimeout(late);
  }
}

/** @param {FetchEvent} event @param {string} pathname */
async function fromNetwork(event, pathname) {
  try {
    const answer = await fetch(event.request);
    event.waitUntil(notice(pathname, answer));
    return answer;
  } catch (error) {
    const kept = await matching(await newest(), pathname);
    if (!kept) throw error;
    return kept;
  }
}

/** @param {string} name @param {string} pathname @param {Request} request */
async function fromSnapshot(name, pathname, request) {
  return (await matching(name, pathname)) ?? fetch(request);
}

/** @param {string | undefined} name @param {string} pathname */
async function matching(name, pathname) {
  return name === undefined ? undefined : (await caches.open(name)).match(pathname);
}

/** The name of the newest snapshot that is whole. */
async function newest() {
  for (const name of await names()) if (await matching(name, TAKEN_AT)) return name;
  return undefined;
}

/** Of all snapshots, newest first. */
async function names() {
  return (await caches.keys()).filter((name) => name.startsWith(SNAPSHOT)).sort().reverse();
}

/** A file that is not as in the snapshot tells of a deploy: takes another. @param {string} pathname @param {Response} answer */
async function notice(pathname, answer) {
  const kept = await matching(await newest(), pathname);
  const isChanged = answer.ok && kept?.headers.get("etag") !== answer.headers.get("etag");
  if (isChanged || (await isOld())) await takeSnapshot().catch(() => {}); // without a network the old one stays
}

async function isOld() {
  const taken = await (await matching(await newest(), TAKEN_AT))?.text();
  return Date.now() - Number(taken ?? 0) > SNAPSHOT_MS_MAX;
}

/** Takes a snapshot; one at a time. */
function takeSnapshot() {
  taking ??= take().finally(() => (taking = undefined));
  return taking;
}

/** Fetches every file, or leaves all as it was; keeps the snapshot before, from which a page may have begun. */
async function take() {
  const now_ms = Date.now();
  const name = `${SNAPSHOT}${now_ms}`;
  const before = await newest();
  try {
    const snapshot = await caches.open(name);
    await snapshot.addAll(SHELL.map((path) => new Request(path, { cache: "no-cache" }))); // asks whether it is still so
    await snapshot.put(TAKEN_AT, new Response(String(now_ms)));
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
  for (const old of await names()) if (old !== name && old !== before) await caches.delete(old);
}
