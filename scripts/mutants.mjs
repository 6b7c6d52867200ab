// @ts-check
// `npm run mutants`: changes the code of who may come in, how much and what they may do, one change at a time,
// and asks `cargo test --lib` each time whether anybody notices. A change that nobody notices is a branch without
// a test: it gets one, or a reason in tests/mutants.toml. What it did stays in target/mutants/mutants.out.

import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main, run } from "./run.mjs";
import { installCargoTools } from "./setup.mjs";
import { ROOT, TOOLS } from "./toolchain.mjs";

const HELP = `npm run mutants -- [files]        changes nobody notices in these files, or in all that keep the doors
  --jobs N         so many at once (1)
  --list           only say what would be changed
  --again          only those that were noticed by nobody the last time`;

/** Who may come in, how much, and what they may do. */
const FILES = [
  "src/auth/*.rs",
  "src/origin.rs",
  "src/address.rs",
  ...["rate", "budgets", "rules", "moderation", "visitor", "session", "connections"].map((name) => `src/room/${name}.rs`),
];
/** Tests of other things, and slow: thousands of random cases each. */
const SKIPPED = ["any_life", "any_text", "decoding", "history_over", "what_is_older", "memory_the_list"];
const TEST_TIMEOUT_S = "60";
const RUN_TIMEOUT_S = 12 * 3_600;

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      jobs: { type: "string", default: "1" },
      list: { type: "boolean", default: false },
      again: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if (!(Number(values.jobs) > 0)) throw new Failure(HELP);
  await installCargoTools(["cargo-mutants"]);
  const files = (positionals.length > 0 ? positionals : FILES).flatMap((file) => ["--file", file]);
  const how = values.list ? ["--list"] : ["--jobs", values.jobs, "--timeout", TEST_TIMEOUT_S, "--output", join(ROOT, "target", "mutants")];
  const build = ["--gitignore", "true", "--cargo-arg=--lib", "--cargo-arg=--locked"];
  const tests = ["--", "--", ...SKIPPED.flatMap((name) => ["--skip", name])];
  await run("cargo", ["mutants", "--config", join(ROOT, "tests", "mutants.toml"), ...files, ...build, ...how, ...(values.again ? ["--iterate"] : []), ...tests], {
    cwd: ROOT,
    env: {
      ...process.env,
      PATH: [join(TOOLS, "cargo", "bin"), process.env.PATH].join(delimiter),
      CARGO_PROFILE_DEV_DEBUG: "false",
      CARGO_PROFILE_TEST_DEBUG: "false",
    },
    live: true,
    timeout_s: RUN_TIMEOUT_S,
  });
});
