// The demo's service: a small shop whose release is what its release.json says.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const release = JSON.parse(readFileSync(new URL('./release.json', import.meta.url), 'utf8'));
const expressCheckout = process.env.EXPRESS_CHECKOUT !== 'false';

/** Prices an order; release 2.14.0 forgot that an order may have no discount. */
function total(order) {
  if (release.pricing === 'discounts') return order.price - order.discount.amount;
  return order.price;
}

function health() {
  try {
    return { status: 'healthy', version: release.version, expressCheckout, total: total({ price: 42 }) };
  } catch (error) {
    return { status: 'failing', version: release.version, expressCheckout, error: error.message };
  }
}

const server = createServer((request, response) => {
  const answer = health();
  response.writeHead(
    request.url === '/health' || request.url === '/checkout' ? (answer.status === 'healthy' ? 200 : 500) : 404,
    {
      'content-type': 'application/json',
    },
  );
  response.end(JSON.stringify(answer));
});

server.listen(Number(process.env.SHOP_PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('SIGINT', () => server.close(() => process.exit(0)));
