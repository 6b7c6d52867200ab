// @ts-check
// Tells a room what a browser knows of its network and of being looked at. Elsewhere nobody tells, and
// the room finds out by its pings.

/**
 * @param {{ online(): void, offline(): void, check(): void }} room
 * @returns {() => void} stops it
 */
export function watchNetwork(room) {
  if (typeof document === "undefined") return () => {};
  const watching = new AbortController();
  const { signal } = watching;
  addEventListener("online", () => room.online(), { signal });
  addEventListener("offline", () => room.offline(), { signal });
  const onVisible = () => document.visibilityState === "visible" && room.check(); // the machine may have slept
  document.addEventListener("visibilitychange", onVisible, { signal });
  return () => watching.abort();
}
