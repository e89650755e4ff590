// Types of every operation in src, by the client preset: with persisted documents, and no scalar left as `any`.
export default {
  schema: "./schema.graphql",
  documents: ["src/*.ts"],
  generates: {
    "./src/generated/": {
      preset: "client",
      presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" } },
      config: {
        strictScalars: true,
        useTypeImports: true,
        scalars: { BigInt: "string", Date: "string", DateTime: "string", Decimal: "string", Month: "string" },
      },
    },
  },
};
