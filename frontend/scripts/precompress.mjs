// Writes .br and .gz beside every text file of out/, so that serving one is reading a file.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const OUT = fileURLToPath(new URL("../out/", import.meta.url));
const TEXTS = /\.(html|js|css|json|svg|txt|webmanifest)$/u;
const WORTH_IT = 512;
const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXTS.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const text = await readFile(path);
  if (text.length < WORTH_IT) continue;
  const best = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  };
  await writeFile(`${path}.br`, await brotli(text, { params: best }));
  await writeFile(`${path}.gz`, await gzipped(text, { level: 9 }));
}
