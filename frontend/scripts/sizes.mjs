// Prints how much compressed script each page of out/ loads first; fails above the limit.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const OUT = fileURLToPath(new URL("../out/", import.meta.url));
const LIMIT = 150_000;
const SCRIPT = /<script[^>]+src="(\/[^"]+\.js)"[^>]*>/gu;

async function bytes(path, ending) {
  const compressed = await stat(`${path}${ending}`).catch(() => undefined);
  return (compressed ?? (await stat(path))).size;
}

async function pages() {
  const entries = await readdir(OUT, { recursive: true, withFileTypes: true });
  const html = entries.filter((one) => one.isFile() && one.name.endsWith(".html"));
  return html.map((one) => join(one.parentPath, one.name)).sort();
}

let tooMuch = false;
console.log(
  `${"page".padEnd(24)}${"scripts".padStart(8)}${"gzip kB".padStart(10)}${"brotli kB".padStart(11)}`,
);
for (const page of await pages()) {
  const html = await readFile(page, "utf8");
  // A browser that knows modules never asks for a script marked nomodule.
  const asked = [...html.matchAll(SCRIPT)].filter(([tag]) => !/nomodule/iu.test(tag));
  const scripts = [...new Set(asked.map(([, path]) => join(OUT, path)))];
  const sums = { ".gz": 0, ".br": 0 };
  for (const ending of Object.keys(sums)) {
    for (const script of scripts) sums[ending] += await bytes(script, ending);
  }
  tooMuch ||= sums[".gz"] > LIMIT;
  const [gzip, brotli] = Object.values(sums).map((sum) => (sum / 1000).toFixed(1));
  const name = `/${page.slice(OUT.length)}`;
  console.log(
    `${name.padEnd(24)}${String(scripts.length).padStart(8)}${gzip.padStart(10)}${brotli.padStart(11)}`,
  );
}
if (tooMuch) {
  console.error(
    `A page loads more than ${LIMIT / 1000} kB of gzipped script first: load it lazily.`,
  );
  process.exitCode = 1;
}
