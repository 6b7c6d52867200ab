// @ts-check
/**
 * The client's types and the golden frames, which Rust spells to the letter, are the same: `tsc` takes
 * every golden frame, and no field is declared that they don't have.
 *
 * Each frame becomes a constant that `satisfies` its type: a field that is not declared, or is of
 * another type, is an error. From all frames of a type, its fullest form is made; it must satisfy the
 * type with nothing optional, so a declared field that no golden frame has is an error too.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

/** @typedef {Record<string, any>} Frame */

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));
const golden = JSON.parse(readFileSync(path("../frames/parlor.v1.json"), "utf8"));
const declarations = readFileSync(path("../../public/client/parlor.d.ts"), "utf8");
/** @type {Frame[]} */
const server = Object.values(golden.server);
/** One of them shows what the server forgives, not what a client sends. @type {Frame[]} */
const client = Object.entries(golden.client).flatMap(([name, frame]) => (name === "join_nulls" ? [] : [frame]));

const folder = await mkdtemp(join(tmpdir(), "parlor-types-"));
after(() => rm(folder, { recursive: true, force: true }));

/** What two values have together. @param {any} a @param {any} b @returns {any} */
function merge(a, b) {
  if (a === undefined) return b;
  if (Array.isArray(a)) return [[...a, ...b].reduce(merge)];
  if (a === null || typeof a !== "object") return b;
  return Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [key, b[key] === undefined ? a[key] : merge(a[key], b[key])]));
}

/** The fullest form of each type of frame. @param {Frame[]} frames @returns {Frame[]} */
function fullest(frames) {
  const message = server.filter(({ type }) => type === "message").reduce(merge);
  /** @type {Map<string, Frame>} */
  const byType = new Map();
  for (const frame of frames) byType.set(frame.type, merge(byType.get(frame.type), frame));
  byType.delete("batch"); // its frames are of several types; each has a fullest form of its own
  return [...byType.values()].map((frame) => (frame.messages ? { ...frame, messages: [message] } : frame));
}

/** A module that is free of type errors if the types are those of the frames. @param {Frame[]} ofServer @param {Frame[]} ofClient */
function moduleOf(ofServer, ofClient) {
  return [
    'import type { ClientFrame, ServerFrame } from "./parlor.js";',
    "type Full<T> = T extends (infer E)[] ? Full<E>[] : T extends object ? { [K in keyof T]-?: Full<T[K]> } : T;",
    ...checksOf("ServerFrame", ofServer),
    ...checksOf("ClientFrame", ofClient),
  ].join("\n");
}

/** @param {string} type @param {Frame[]} frames */
function checksOf(type, frames) {
  return [
    ...frames.map((frame) => `void (${JSON.stringify(frame)} satisfies ${type});`),
    ...fullest(frames).map((frame) => `void (${JSON.stringify(frame)} satisfies Full<Extract<${type}, { type: ${JSON.stringify(frame.type)} }>>);`),
    `void (0 as unknown as ${type}["type"] satisfies ${union(frames)});`,
  ];
}

/** The types of frames, as a type. @param {Frame[]} frames */
const union = (frames) => [...new Set(frames.map(({ type }) => JSON.stringify(type)))].join(" | ");

/** Runs `tsc` over a module beside these declarations; returns what it complains of. @param {string} module @param {string} [declared] */
async function complaints(module, declared = declarations) {
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "parlor.d.ts"), declared);
  await writeFile(join(folder, "frames.ts"), module);
  const compilerOptions = { strict: true, noEmit: true, target: "es2024", module: "nodenext", lib: ["es2024", "dom"], types: [], skipLibCheck: false };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["frames.ts", "parlor.d.ts"] }));
  /** @type {string} */
  const output = await new Promise((resolve) => {
    execFile(process.execPath, [path("../../node_modules/typescript/bin/tsc"), "-p", folder], (_, out, err) => resolve(out + err));
  });
  return output.split("\n").filter((line) => /error/i.test(line));
}

/** The golden frames after a change to one of the server's. @param {string} name @param {(frame: Frame) => void} change */
function changed(name, change) {
  const all = structuredClone(golden.server);
  change(all[name]);
  return moduleOf(Object.values(all), client);
}

test("every golden frame has the declared type, and every declared field is in a golden frame", async () => {
  assert.deepEqual(await complaints(moduleOf(server, client)), []);
});

test("a field that only Rust has is noticed", async () => {
  for (const [name, change] of /** @type {[string, (frame: Frame) => void][]} */ ([
    ["pong", (frame) => (frame["at"] = 1)],
    ["joined", (frame) => (frame["member"].mood = "good")],
    ["welcome", (frame) => (frame["messages"][0].edited = true)],
    ["batch", (frame) => (frame["frames"][0].from.mood = "good")],
  ])) {
    assert.ok((await complaints(changed(name, change))).length > 0, name);
  }
});

test("a field that only the types have is noticed, optional or not", async () => {
  for (const [where, field] of /** @type {[string, string][]} */ ([
    ["deleted?: boolean;\n}\n\n/** What", "edited?: boolean;"],
    ["frame_bytes_max: number;", "files_max?: number;"],
    ["recovered: boolean;", "motto: string;"],
    ['type: "error";', "wait?: number;"],
    ['type: "send";', "mood?: string;"],
  ])) {
    const declared = declarations.replace(where, `${field} ${where}`);
    assert.notEqual(declared, declarations, where);
    assert.ok((await complaints(moduleOf(server, client), declared)).length > 0, field);
  }
});

test("a frame that only one side has is noticed", async () => {
  assert.ok((await complaints(moduleOf([...server, { type: "confetti" }], client))).length > 0);
  const declared = declarations.replace("  | PongFrame;", '  | PongFrame\n  | { type: "confetti" };');
  assert.notEqual(declared, declarations);
  assert.ok((await complaints(moduleOf(server, client), declared)).length > 0);
});

test("the module exports what the types declare, and nothing else", async () => {
  const exported = Object.keys(await import("../../public/client/parlor.js")).sort();
  const declared = [...declarations.matchAll(/^export (?:declare )?(?:function|class|const) (\w+)/gm)].map(([, name]) => name).sort();
  assert.deepEqual(exported, declared);
});
