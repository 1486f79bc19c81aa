// The TypeScript SDK's client with its own OAuth, for `tests/e2e/typescript.py`: `node oauth.mjs`. One line of JSON on stdin is a
// command, one on stdout its answer; `{"open": address}` means that the person has to go there first (`finish`), then to try again.
import { createInterface } from "node:readline";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const redirectUrl = "http://127.0.0.1:3333/cb";
const kept = {};
let transport, client, address;

const authProvider = {
  redirectUrl,
  get clientMetadataUrl() { return kept.documentUrl; },
  clientMetadata: { client_name: "TypeScript desk", redirect_uris: [redirectUrl], token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"] },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  redirectToAuthorization: (url) => { address = url.href; },
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
};

const commands = {
  async know({ client_id }) { kept.client = { client_id, token_endpoint_auth_method: "none" }; },
  async connect({ url, documentUrl }) {
    await client?.close();
    kept.documentUrl = documentUrl ?? undefined;
    transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
    client = new Client({ name: "typescript-test-client", version: "1" });
    await client.connect(transport);
  },
  finish: ({ code }) => transport.finishAuth(code),
  list: async () => (await client.listTools()).tools.map((tool) => tool.name),
  async call({ tool, arguments: given }) {
    const answer = await client.callTool({ name: tool, arguments: given });
    if (answer.isError) throw new Error(`${tool}: ${answer.content[0].text}`);
    return JSON.parse(answer.content[0].text);
  },
  // A token that the server does not know any more.
  async expire() { kept.tokens = { ...kept.tokens, access_token: "expired-long-ago-and-unknown" }; },
  // An open stream would reconnect without a token, and its sign-in would take the place of the next one's verifier.
  async forget() { await client?.close(); delete kept.tokens; },
  kept: async () => kept,
  close: () => client?.close(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[given.do](given)) ?? null };
  } catch (error) {
    answer = error instanceof UnauthorizedError ? { open: address } : { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
process.exit(0);
