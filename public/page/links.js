// @ts-check
// Finds the web addresses in a text. Pure; only http and https count, whatever else looks like a link.

const CANDIDATE = /\bhttps?:\/\/[^\s<>"'`]+/gi;
const TRAILING = /[.,;:!?)\]}»”’]+$/;

/** @typedef {{ text: string, href?: string }} Part */

/** Cuts a text into plain parts and links; joined, the parts are the text. @param {string} text @returns {Part[]} */
export function findLinks(text) {
  /** @type {Part[]} */
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const address = withoutTrailing(match[0]);
    const href = webAddress(address);
    if (!href) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** Leaves out the sentence's own marks, but keeps a bracket that the address opened. @param {string} address */
function withoutTrailing(address) {
  const bare = address.replace(TRAILING, "");
  const opensBracket = bare.split("(").length > bare.split(")").length;
  return opensBracket && address[bare.length] === ")" ? `${bare})` : bare;
}

/** @param {string} address */
function webAddress(address) {
  const url = URL.parse(address);
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined;
}
