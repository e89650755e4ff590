// What graphql-js says of a schema: node schema.mjs FILE; the messages as JSON, none where all is well.
import { readFileSync } from "node:fs";
import { buildSchema, validateSchema } from "graphql";

const schema = buildSchema(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(validateSchema(schema).map((error) => error.message)));
