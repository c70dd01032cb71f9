// The import boundaries of the design, section 2, as rules. Run by `npm run check`.
const inDomain = "^services/[^/]+/src/domain/";
export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "service-imports-service",
      comment: "A service talks to another through its contract. Only all-in-one puts them into one process.",
      severity: "error",
      from: { path: "^services/([^/]+)/", pathNot: "^services/all-in-one/" },
      to: { path: "^services/", pathNot: "^services/$1/" },
    },
    {
      name: "package-imports-service",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^(services|test|examples)/" },
    },
    {
      name: "contracts-import-nothing",
      severity: "error",
      from: { path: "^packages/contracts/" },
      to: { path: "^(packages/(?!contracts)|services)/" },
    },
    {
      name: "domain-is-pure",
      comment:
        "The domain knows no gRPC, Redis, SQLite, protobuf or environment; the call scope and telemetry are plain types.",
      severity: "error",
      from: { path: inDomain, pathNot: "\\.test\\.ts$" },
      to: {
        path: "^packages/(?!telemetry/|rpc/src/(scope|domain-error))|node_modules/(@connectrpc|@bufbuild|@grpc|ioredis|undici)|^(node:)?(sqlite|http|http2|https|net|process)$|/adapters/|/src/(service|module|main|config)\\.ts$",
      },
    },
    {
      name: "adapters-do-not-import-the-service",
      severity: "error",
      from: { path: "^services/[^/]+/src/adapters/", pathNot: "\\.test\\.ts$" },
      to: { path: "/src/(service|module|main)\\.ts$" },
    },
    {
      name: "only-entries-import-main",
      severity: "error",
      from: {},
      to: { path: "/src/main\\.ts$" },
    },
    {
      name: "no-unresolved",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules|packages/contracts/src/gen" },
    enhancedResolveOptions: {
      extensions: [".ts", ".mjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
