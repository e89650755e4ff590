// The audits of GraphQL over HTTP that graphql-http ships, against a running service: node audits.mjs URL TOKEN.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);
const asking = (address, init = {}) =>
  fetch(address, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), authorization: `Bearer ${token}` } });

const results = [];
for (const audit of serverAudits({ url, fetchFn: asking })) {
  const { id, name, status, reason = null } = await audit.fn();
  results.push({ id, name, status, reason });
}
console.log(JSON.stringify(results));
