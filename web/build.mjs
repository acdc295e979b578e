// Bundles the page's scripts: node build.mjs ENTRY OUT DIGEST. Run by `efface web build`.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const [entry, out, digest] = process.argv.slice(2);
const runtime = join(import.meta.dirname, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { metafile } = await build({
  entryPoints: { begin: entry },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2021",
  minify: true,
  metafile: true,
  legalComments: "eof",
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  logLevel: "warning",
});

/** Copies a file under a name that holds a digest of its content. */
function hashed(from, name, ending) {
  const content = readFileSync(from);
  const file = `${name}-${createHash("sha256").update(content).digest("hex").slice(0, 12)}.${ending}`;
  copyFileSync(from, join(out, file));
  return file;
}

const parts = Object.entries(metafile.outputs);
const isEntry = ([, facts]) => facts.entryPoint === entry.replaceAll("\\", "/");
const begin = parts.find(isEntry);
const statics = new Set([begin[0]]);
for (const name of statics) {
  for (const one of metafile.outputs[name].imports) if (one.kind === "import-statement") statics.add(one.path);
}
const files = { glue: hashed(`${runtime}.mjs`, "runtime", "js"), wasm: hashed(`${runtime}.wasm`, "runtime", "wasm") };
const small = parts.filter(([name]) => statics.has(name)).map(([name]) => basename(name));
const later = [...parts.filter(([name]) => !statics.has(name)).map(([name]) => basename(name)), files.glue, files.wasm];

/** Bytes that travel: the packed form lies beside each file. */
function packed(name) {
  const path = join(out, name);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  return statSync(`${path}.gz`).size;
}
const sum = (names) => names.map(packed).reduce((a, b) => a + b, 0);
const manifest = {
  digest, begin: basename(begin[0]), ...files, files: [...small, ...later],
  begin_bytes: sum(small), face_bytes: sum(later),
};
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");
