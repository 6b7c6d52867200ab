// @ts-check
// What the page says of its own files, for times without a network and for slow ones, is true.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { parts } from "../../scripts/shell.mjs";

const PUBLIC = new URL("../../public/", import.meta.url);

for (const { file, written, right } of parts()) {
  test(`${file} knows the page's files as they are; if not: node scripts/shell.mjs`, () => assert.equal(written, right));
}

test("the lists are not empty, and name no file that isn't there", () => {
  const [room, worker, page] = parts();
  const listed = [...(worker?.right.matchAll(/^ {2}"(\/[^"]*)",$/gm) ?? [])].map(([, path = ""]) => path);
  const preloaded = [...(page?.right.matchAll(/rel="modulepreload" href="([^"]+)"/g) ?? [])].map(([, path = ""]) => path);
  const ofRoom = [...(room?.right.matchAll(/^ {2}"(\/[^"]*)",$/gm) ?? [])].map(([, path = ""]) => path);
  assert.ok(listed.length > 50 && preloaded.length > 5 && ofRoom.length > 20, `${listed.length}, ${preloaded.length}, ${ofRoom.length}`);
  for (const path of [...preloaded, ...ofRoom]) assert.ok(listed.includes(path), path);
  for (const path of listed) assert.ok(path === "/" || existsSync(new URL(path.slice(1), PUBLIC)), path);
});

test("the manifest names icons of the sizes that they have", () => {
  const manifest = JSON.parse(readFileSync(new URL("page/manifest.webmanifest", PUBLIC), "utf8"));
  const sizes = manifest.icons.filter(({ type = "" }) => type === "image/png").map(({ src = "", sizes = "" }) => {
    const png = readFileSync(new URL(src.slice(1), PUBLIC));
    assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, src);
    return sizes;
  });
  assert.deepEqual(sizes, ["192x192", "512x512", "512x512"], "what a phone needs to install it");
  assert.ok(manifest.icons.some(({ purpose = "" }) => purpose === "maskable"));
});
