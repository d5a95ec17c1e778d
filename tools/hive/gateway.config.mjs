// The viewer's token goes to the subgraphs, as any gateway before real services has to do it: answers are then a viewer's own.
import { defineConfig } from "@graphql-hive/gateway";

export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs({ request }) {
      return { authorization: request.headers.get("authorization") ?? undefined };
    },
  },
});
