// GraphiQL on our own endpoint: a token box, worked examples as tabs, and subscriptions over graphql-transport-ws.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/graphiql.css";
import { createClient } from "graphql-ws";
import React, { useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import "./page.css";

const TOKEN = "jiekun.token"; // like queries and variables, kept for this tab only: they may name people

function authorization(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function Page({ examples }) {
  const [token, setToken] = useState(sessionStorage.getItem(TOKEN) ?? "");
  const fetcher = useMemo(() => {
    const url = new URL("/graphql", window.location.href);
    const socket = new URL(url);
    socket.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return createGraphiQLFetcher({
      url: url.href,
      headers: authorization(token),
      wsClient: createClient({ url: socket.href, connectionParams: () => authorization(token) }),
    });
  }, [token]);
  const remember = (event) => {
    const given = event.target.value.trim();
    sessionStorage.setItem(TOKEN, given);
    setToken(given);
  };
  return (
    <>
      <header className="jiekun">
        <strong>解困 Jiekun</strong>
        <label>
          令牌 Token
          <input
            id="token"
            type="password"
            autoComplete="off"
            spellCheck="false"
            placeholder="jk_…"
            value={token}
            onChange={remember}
          />
        </label>
        <span>{token ? "" : "请先填入令牌。Paste a token first; `jiekun token LOGIN` issues one."}</span>
      </header>
      <GraphiQL
        key={token ? "known" : "nobody"} // nobody may ask for the schema: it is fetched when somebody is known
        schema={token ? undefined : null}
        fetcher={fetcher}
        defaultTabs={examples}
        shouldPersistHeaders={false}
        storage={sessionStorage}
      />
    </>
  );
}

async function readExamples() {
  const names = await (await fetch("/page/examples/index.json")).json();
  return Promise.all(
    names.map(async (name) => ({ query: await (await fetch(`/page/examples/${name}.graphql`)).text() })),
  );
}

readExamples().then((examples) => {
  createRoot(document.getElementById("graphiql")).render(<Page examples={examples} />);
});
