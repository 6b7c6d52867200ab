// @ts-check
// `npm start`: installs what is missing, builds the Worker if its sources changed, and serves it
// with wrangler on http://localhost:8787 until Ctrl-C.
//
//   npm start -- --port 9000 --persist-to /some/folder --var NAME:VALUE
//
// All arguments go to `wrangler dev`. History is kept in .wrangler/state.

import { join } from "node:path";
import { ended, main, run, start } from "./run.mjs";
import { setUp } from "./setup.mjs";
import { ROOT, nodeEnvironment, npmBinary } from "./toolchain.mjs";

await main(async () => {
  await setUp();
  const env = nodeEnvironment();
  const node = npmBinary("node");
  await run(node, [join(ROOT, "scripts", "build.mjs")], { cwd: ROOT, env, live: true });
  const arguments_ = [npmBinary("wrangler"), "dev", ...process.argv.slice(2)];
  const status = await ended(start(node, arguments_, { cwd: ROOT, env, live: true }));
  process.exitCode = typeof status === "number" ? status : 0;
});
