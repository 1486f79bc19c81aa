// A day's work through the TypeScript SDK: `node everyday.mjs URL NAME`, prints what each step answered as one JSON object.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, name, steps] = process.argv.slice(2);
const client = new Client({ name: "typescript-test-client", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));

const answers = { tools: (await client.listTools()).tools.map((tool) => tool.name), server: client.getServerVersion() };

function filled(value) {
  if (typeof value === "string") {
    return value.replaceAll("{name}", name).replace(/\{(\w+)\.([\w.]+)\}/g, (_, step, path) => path.split(".").reduce((at, key) => at[key], answers[step]));
  }
  if (Array.isArray(value)) return value.map(filled);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one)]));
  return value;
}

for (const step of JSON.parse(steps)) {
  const answer = await client.callTool({ name: step.tool, arguments: filled(step.arguments) });
  if (answer.isError) throw new Error(`${step.tool}: ${answer.content[0].text}`);
  answers[step.as ?? step.tool] = JSON.parse(answer.content[0].text);
}
await client.close();
console.log(JSON.stringify(answers));
