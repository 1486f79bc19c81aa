// Signs in through the TypeScript SDK's own OAuth from nothing but the server's address: `node oauth.mjs URL`.
// Prints one JSON line `{"open": address}`, reads the address that the person's browser was sent back to, prints what it got.
import { createInterface } from "node:readline";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const url = new URL(process.argv[2]);
const redirectUrl = "http://127.0.0.1:3333/cb";
const kept = {};
const say = (value) => console.log(JSON.stringify(value));

const authProvider = {
  redirectUrl,
  clientMetadata: { client_name: "TypeScript desk", redirect_uris: [redirectUrl], token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"] },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  redirectToAuthorization: (address) => say({ open: address.href }),
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
};

const connect = async () => {
  const transport = new StreamableHTTPClientTransport(url, { authProvider });
  const client = new Client({ name: "typescript-test-client", version: "1" });
  await client.connect(transport);
  return client;
};

const first = new StreamableHTTPClientTransport(url, { authProvider });
try {
  await new Client({ name: "typescript-test-client", version: "1" }).connect(first);
  throw new Error("the server let a client in without a token");
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
}
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const answered = new URL((await lines.next()).value);
await first.finishAuth(answered.searchParams.get("code"));

const client = await connect();
const tools = (await client.listTools()).tools.map((tool) => tool.name);
const before = kept.tokens;
const who = JSON.parse((await client.callTool({ name: "nc_users_whoami", arguments: {} })).content[0].text);
// A token that the server does not know any more is renewed without the person.
kept.tokens = { ...before, access_token: "expired-long-ago-and-unknown" };
const again = JSON.parse((await client.callTool({ name: "nc_users_whoami", arguments: {} })).content[0].text);
await client.close();
say({ tools, who, again, renewed: kept.tokens.access_token !== before.access_token, tokens: [before, kept.tokens], verifier: kept.verifier });
process.exit(0);
