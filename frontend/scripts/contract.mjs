// Writes src/contract out of ../docs/openapi.json; with --check it writes nothing and fails on drift.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HOME = fileURLToPath(new URL("../src/contract/", import.meta.url));

/** JSON Schema patterns are Unicode patterns, and what is invisible is written as an escape. */
function readable(source) {
  return source.replace(/z\.regex\((\/.*?\/)\)(?=[,)])/gsu, (_, pattern) => {
    const escaped = [...pattern].map((sign) =>
      sign >= " " && sign <= "~" ? sign : `\\u{${sign.codePointAt(0).toString(16)}}`,
    );
    return `z.regex(${escaped.join("")}u)`;
  });
}

async function generate(folder) {
  const { createClient } = await import("@hey-api/openapi-ts");
  const config = {
    input: fileURLToPath(new URL("../../docs/openapi.json", import.meta.url)),
    output: { path: folder },
    logs: { level: "silent" },
    plugins: [
      "@hey-api/client-fetch",
      "@hey-api/typescript",
      { name: "@hey-api/sdk", validator: false },
      { name: "zod", compatibilityVersion: "mini" },
    ],
  };
  await createClient(config);
  const schemas = join(folder, "zod.gen.ts");
  await writeFile(schemas, readable(await readFile(schemas, "utf8")));
}

async function texts(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const read = paths.map(async (path) => [path.slice(folder.length), await readFile(path, "utf8")]);
  return new Map(await Promise.all(read));
}

const fresh = `${await mkdtemp(join(tmpdir(), "contract-"))}/`;
try {
  await generate(fresh);
  if (process.argv.includes("--check")) {
    const [wanted, found] = [await texts(fresh), await texts(HOME)];
    const names = new Set([...wanted.keys(), ...found.keys()]);
    const drifted = [...names].filter((name) => wanted.get(name) !== found.get(name));
    if (drifted.length > 0) {
      const list = drifted.map((name) => `  src/contract/${name}`).join("\n");
      console.error(`The generated client is older than docs/openapi.json:\n${list}`);
      console.error("Run `npm run contract` and commit what it writes.");
      process.exitCode = 1;
    }
  } else {
    await rm(HOME, { recursive: true, force: true });
    await cp(fresh, HOME, { recursive: true });
  }
} finally {
  await rm(fresh, { recursive: true, force: true });
}
