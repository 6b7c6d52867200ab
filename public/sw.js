// @ts-check
// The service worker: without a network it serves the page from a snapshot of its files; with one it stays
// out of the way, so that nothing is ever stale after a deploy.
//
// Invariants: the snapshot is of one deploy, taken at one time and swapped in whole; what is online goes
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

const SNAPSHOT = "parlor-shell";
const NEXT = "parlor-shell-next"; // filled while the other is served
const NAVIGATION_MS_MAX = 4_000; // a network that is slower than this is as good as none
const SNAPSHOT_MS_MAX = 86_400_000; // taken anew once a day, whatever was noticed
const TAKEN_AT = "/taken-at"; // its entry in the snapshot; no file of the page is named so

/** @typedef {Event & { waitUntil(work: Promise<unknown>): void }} WorkEvent */
/** @typedef {WorkEvent & { request: Request, clientId: string, resultingClientId: string, respondWith(answer: Promise<Response>): void }} FetchEvent */

const worker = /** @type {any} */ (self);
const files = new Set(SHELL);
/** Pages that were begun from the snapshot. @type {Set<string>} */
const begunOffline = new Set();
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
    event.respondWith(begunOffline.has(event.clientId) ? fromSnapshot(pathname, request) : fromNetwork(event, pathname));
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
    const kept = await matching("/");
    if (!kept) throw error;
    begunOffline.add(event.resultingClientId);
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
    const kept = await matching(pathname);
    if (!kept) throw error;
    return kept;
  }
}

/** @param {string} pathname @param {Request} request */
async function fromSnapshot(pathname, request) {
  return (await matching(pathname)) ?? fetch(request);
}

/** @param {string} pathname */
async function matching(pathname) {
  const snapshot = await caches.open(SNAPSHOT);
  return snapshot.match(pathname);
}

/** A file that is not as in the snapshot tells of a deploy: takes another. @param {string} pathname @param {Response} answer */
async function notice(pathname, answer) {
  const kept = await matching(pathname);
  const isChanged = answer.ok && kept?.headers.get("etag") !== answer.headers.get("etag");
  if (isChanged || (await isOld())) await takeSnapshot().catch(() => {}); // without a network the old one stays
}

async function isOld() {
  const taken = await (await matching(TAKEN_AT))?.text();
  return Date.now() - Number(taken ?? 0) > SNAPSHOT_MS_MAX;
}

/** Fetches every file, and swaps the snapshot only if all came. One at a time. */
function takeSnapshot() {
  taking ??= take().finally(() => (taking = undefined));
  return taking;
}

async function take() {
  await caches.delete(NEXT);
  const next = await caches.open(NEXT);
  await next.addAll(SHELL.map((path) => new Request(path, { cache: "no-cache" }))); // asks whether it is still so
  const snapshot = await caches.open(SNAPSHOT);
  for (const request of await next.keys()) await snapshot.put(request, /** @type {Response} */ (await next.match(request)));
  for (const request of await snapshot.keys()) if (!files.has(new URL(request.url).pathname)) await snapshot.delete(request);
  await snapshot.put(TAKEN_AT, new Response(String(Date.now())));
  await caches.delete(NEXT);
}
