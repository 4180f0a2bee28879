// Probot as its documentation runs it in production, with a handler that does nothing. Stores nothing.
// It logs each request unless told otherwise; LOG_LEVEL=warn spares it that, as we do not log each request either.
import { run } from "probot";

const server = await run((app) => {
  app.on("pull_request", async () => {});
});
console.log(server.port);
