import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** Below the range that Linux gives to outgoing connections, which could take a port before its server has begun. */
const range = [12_000, 32_000] as const;

async function listen(): Promise<Server> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const server = createServer();
    const isOurs = await new Promise<boolean>(resolve => {
      server.on('error', () => resolve(false));
      server.listen(randomInt(...range), '127.0.0.1', () => resolve(true));
    });
    if (isOurs) return server;
  }
  throw new Error(`no port between ${range.join(' and ')} is free on 127.0.0.1`);
}

/** Ports on 127.0.0.1 that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map(server => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}
