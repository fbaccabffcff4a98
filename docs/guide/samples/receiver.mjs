// Receives Milepost's webhooks: verifies each request, takes each event once, prints it.
//
// npm install standardwebhooks
// WEBHOOK_SECRET=whsec_... node receiver.mjs 9000

import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const LARGEST_BODY = 16 * 1024 * 1024;

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
// The ids of all events taken so far. Yours is a table: the id is stored in the transaction that stores the event.
const taken = new Set();

// Where your work begins: store the event, do the rest later. When this throws, Milepost sends it again.
function take(event) {
  const { details, event_name, sequence } = event;
  console.log(`${event_name}  order ${details.order_id ?? details.id}  sequence ${sequence}`);
}

// The status to answer.
async function receive(request) {
  if (request.method !== "POST") return 405;
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > LARGEST_BODY) return 413;
    parts.push(part);
  }
  let event;
  try {
    event = webhook.verify(Buffer.concat(parts), request.headers);
  } catch {
    return 400; // forged, damaged, or signed more than five minutes ago
  }
  if (!taken.has(event.id)) {
    take(event);
    taken.add(event.id);
  }
  return 200;
}

const server = createServer({ requestTimeout: 30_000 }, async (request, response) => {
  const status = await receive(request).catch((error) => (console.error(error), 500));
  response.writeHead(status, { "Content-Length": 0 }).end();
});

server.listen(Number(process.argv[2]), "127.0.0.1", () =>
  console.log(`Receiving on http://127.0.0.1:${server.address().port}`),
);
