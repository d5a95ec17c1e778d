// stdin: [{"name", "url", "sdl"}]   stdout: the supergraph's SDL   stderr: composition errors, exit code 1
import { readFileSync } from "node:fs";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";

const services = JSON.parse(readFileSync(0, "utf8"));
const result = composeServices(services.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));

if (result.errors?.length) {
  for (const error of result.errors) {
    console.error(`${error.extensions?.code ?? "ERROR"}: ${error.message}`);
  }
  process.exit(1);
}
process.stdout.write(result.supergraphSdl);
