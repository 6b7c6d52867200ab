// @ts-check
// What holds in a room beside its limits, told above the composer to those whom it binds.

import { words } from "../words.js";
import { byId, tell } from "./dom.js";

const SECOND_MS = 1_000;

/** @param {import("./dom.js").Root} root @param {Pick<import("../../client/parlor.js").Room, "role" | "rules">} room */
export function showRules(root, { role, rules }) {
  const isBound = role === "member" || role === "reader";
  const text = !isBound ? undefined
    : role === "reader" ? words.readOnly
    : rules?.locked ? words.isLocked
    : rules && rules.slow_mode_ms > 0 ? words.isSlow(Math.ceil(rules.slow_mode_ms / SECOND_MS))
    : undefined;
  tell(byId(root, "rules", HTMLElement), text);
}
