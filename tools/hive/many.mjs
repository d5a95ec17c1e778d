// Hive Gateway over many supergraphs in one process: node many.mjs FOLDER. FOLDER/NAME.graphql is served at /NAME.
// The first line of its output is the port.
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createGatewayRuntime } from "@graphql-hive/gateway";

// A request may bring Hive Gateway to throw where nobody catches: that request is not answered, the others are.
process.on("uncaughtException", (error) => console.error(error));

const folder = process.argv[2];
const gateways = new Map();

function gateway(name) {
  if (!gateways.has(name)) {
    const supergraph = readFileSync(join(folder, `${name}.graphql`), "utf8");
    const options = { supergraph, graphqlEndpoint: `/${name}`, maskedErrors: false, logging: false, batching: false };
    gateways.set(name, createGatewayRuntime(options));
  }
  return gateways.get(name);
}

const names = new Set(readdirSync(folder).map((file) => file.replace(/\.graphql$/, "")));
const server = createServer((request, response) => {
  const name = request.url.slice(1);
  if (names.has(name)) {
    gateway(name)(request, response);
  } else {
    response.writeHead(name === "healthcheck" ? 200 : 404).end();
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
