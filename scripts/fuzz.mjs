// @ts-check
// `npm run fuzz`: looks for inputs that break a promise, with libFuzzer. What it finds on its way stays in
// target/fuzz, so the next run goes on from there; `--keep` puts the least of it that reaches the same code
// into tests/fuzz/corpus, where `cargo test` plays it.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main, run, step } from "./run.mjs";
import { installCargoTools } from "./setup.mjs";
import { ROOT, TOOLS } from "./toolchain.mjs";

const TARGETS = ["frames", "doors", "room"];
const HELP = `npm run fuzz -- frames|doors|room      look for inputs that break a promise
  --minutes N      for so long (5)
  --keep           then put what it found into tests/fuzz/corpus, minimized
  --replay FILE    play this one input only, as it was found
It needs a C++ compiler, for libFuzzer.`;

const FOLDER = join(ROOT, "tests", "fuzz");
const WORK = join(ROOT, "target", "fuzz");
const MINUTES = "5";
/** How much longer than it was told the fuzzer may take: to read what is there, and to end. */
const GRACE_S = 600;
/** Longest input, in bytes: a frame can be longer, but nothing happens there that short ones don't show. */
const INPUT_BYTES_MAX = { frames: 4_096, doors: 1_024, room: 2_048 };
/** No sanitizer, as all of the code is safe Rust; nightly's options on whatever Rust is there. */
const FUZZ = ["--fuzz-dir", FOLDER, "--target-dir", WORK, "--sanitizer", "none"];
const ENVIRONMENT = {
  ...process.env,
  RUSTC_BOOTSTRAP: "1",
  PATH: [join(TOOLS, "cargo", "bin"), process.env.PATH].join(delimiter),
};

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: "string", default: MINUTES },
      keep: { type: "boolean", default: false },
      replay: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const [target, ...rest] = positionals;
  const seconds = Math.round(Number(values.minutes) * 60);
  if (!isTarget(target) || rest.length > 0 || !(seconds > 0)) throw new Failure(HELP);
  await installCargoTools(["cargo-fuzz"]);
  if (values.replay !== undefined) return fuzz("run", target, [values.replay]);
  const corpus = unpack(target);
  const dictionary = join(FOLDER, `${target}.dict`);
  await step("the fuzzer", () => fuzz("build", target, []));
  await fuzz("run", target, [
    corpus,
    "--",
    `-max_total_time=${seconds}`,
    `-max_len=${INPUT_BYTES_MAX[target]}`,
    `-artifact_prefix=${join(WORK, `${target}-`)}`,
    "-print_final_stats=1",
    "-timeout=20",
    ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
  ], seconds + GRACE_S);
  if (values.keep) await step("the least of it that reaches the same code", () => keep(target, corpus));
});

/** @param {string | undefined} name @returns {name is keyof typeof INPUT_BYTES_MAX} */
function isTarget(name) {
  return name !== undefined && TARGETS.includes(name);
}

/** @param {string} command @param {string} target @param {string[]} args @param {number} [timeout_s] */
function fuzz(command, target, args, timeout_s) {
  const [files, options] = args.includes("--") ? [args.slice(0, args.indexOf("--")), args.slice(args.indexOf("--"))] : [args, []];
  return run("cargo", ["fuzz", command, ...FUZZ, target, ...files, ...options], { cwd: ROOT, env: ENVIRONMENT, live: true, timeout_s });
}

/** @param {string} target */
function keptIn(target) {
  return join(FOLDER, "corpus", `${target}.hex`);
}

/** Puts the kept inputs where libFuzzer reads and adds them. @param {string} target @returns {string} the folder */
function unpack(target) {
  const folder = join(WORK, "corpus", target);
  mkdirSync(folder, { recursive: true });
  for (const line of readFileSync(keptIn(target), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const input = Buffer.from(line, "hex");
    writeFileSync(join(folder, createHash("sha1").update(input).digest("hex")), input);
  }
  return folder;
}

/** @param {string} target @param {string} corpus */
async function keep(target, corpus) {
  const least = join(WORK, "least", target);
  rmSync(least, { recursive: true, force: true });
  mkdirSync(least, { recursive: true });
  await fuzz("run", target, [least, corpus, "--", "-set_cover_merge=1"]);
  const inputs = readdirSync(least).map((name) => readFileSync(join(least, name)).toString("hex"));
  inputs.sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
  writeFileSync(keptIn(target), [`# ${inputs.length} inputs of the fuzzer: \`npm run fuzz -- ${target} --keep\``, ...inputs, ""].join("\n"));
  console.log(`  ${inputs.length} inputs in ${keptIn(target)}`);
}
