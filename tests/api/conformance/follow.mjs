// One operation by a stock client: node follow.mjs ws|sse URL TOKEN PAYLOAD; what came, and how it ended, as JSON.
import { createClient as overWebSocket } from "graphql-ws";
import { createClient as overEvents } from "graphql-sse";
import WebSocket from "ws";

const [transport, url, token, payload] = process.argv.slice(2);
const frames = { text: 0, binary: 0 };

class Watched extends WebSocket {
  constructor(...given) {
    super(...given);
    this.on("message", (_, isBinary) => frames[isBinary ? "binary" : "text"]++);
  }
}

const client =
  transport === "ws"
    ? overWebSocket({
        url: url.replace("http", "ws"),
        webSocketImpl: Watched,
        connectionParams: { Authorization: `Bearer ${token}` },
        retryAttempts: 0,
      })
    : overEvents({ url, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });

const results = [];
const told = (error) =>
  Array.isArray(error)
    ? { errors: error }
    : { closed: { code: error.code ?? error.response?.status ?? null, reason: error.reason ?? error.message ?? String(error) } };

const end = await new Promise((resolve) =>
  client.subscribe(JSON.parse(payload), {
    next: (result) => results.push(result),
    error: (error) => resolve(told(error)),
    complete: () => resolve({ complete: true }),
  }),
);
process.stdout.write(JSON.stringify({ results, end, frames }), () => process.exit());
