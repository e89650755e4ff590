// One script and one style sheet into ../api/page, without a font or an address from elsewhere, and their licences.
import { build } from "esbuild";
import { readFileSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";

const OUT = join(import.meta.dirname, "..", "api", "page");
const result = await build({
  entryPoints: [join(import.meta.dirname, "main.jsx")],
  bundle: true,
  minify: true,
  metafile: true,
  charset: "utf8",
  legalComments: "none",
  target: ["es2020"],
  define: { "process.env.NODE_ENV": '"production"' },
  outfile: join(OUT, "graphiql.js"),
  logLevel: "info",
});

const css = join(OUT, "graphiql.css");
writeFileSync(css, readFileSync(css, "utf8").replace(/@font-face\{[^}]*\}/g, ""));

const packages = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//g;
  let last = null;
  for (let match = found.exec(input); match; match = found.exec(input)) last = match;
  if (last) packages.add(input.slice(0, last.index + last[0].length));
}
const texts = [...packages].sort().map((folder) => {
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim() : about.license;
  return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
});
writeFileSync(join(OUT, "LICENSES.txt"), texts.join("\n---\n\n"));
