// @ts-check
/**
 * Reads OpenMetrics with the reference parser, Prometheus's own Python client, which refuses what is not
 * in the format. It is installed into .tools/ when it is missing.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const VERSION = "0.26.0";
const FOLDER = fileURLToPath(new URL(`../.tools/prometheus-client-${VERSION}`, import.meta.url));
const INSTALL = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", FOLDER, `prometheus-client==${VERSION}`];
const PARSE = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(json.dumps({family.name: family.type for family in text_string_to_metric_families(sys.stdin.read())}))`;

/** Returns the type of each family of metrics. @param {string} text @returns {Promise<Record<string, string>>} @throws if it is not OpenMetrics */
export async function parseOpenMetrics(text) {
  const run = promisify(execFile);
  if (!existsSync(FOLDER)) await run("python3", INSTALL);
  const parsing = run("python3", ["-c", PARSE], { env: { ...process.env, PYTHONPATH: FOLDER } });
  parsing.child.stdin?.end(text);
  return JSON.parse((await parsing).stdout);
}
