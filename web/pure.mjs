// Calls of `src/pure.ts` from standard input, as JSON [[name, argument, ...], ...]; their answers as JSON.

import { readFileSync } from "node:fs";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: ["src/pure.ts"], bundle: true, format: "esm", target: "es2022", write: false, logLevel: "warning",
});
const { calls } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map(([name, ...given]) => calls[name](...given))));
