import { connect } from 'node:net';
import { redisPlace } from '../src/adapters/redis/connection.ts';

/** Counts the commands that clients send to a Redis, by MONITOR on a socket of its own: ioredis' monitor loses its place in a long stream. */
export interface CommandCount {
  /** Commands so far, without those that scripts call. */
  sent(): number;
  close(): void;
}

/** Begins to count on a Redis without a password. Rejects where it does not answer. */
export async function countCommands(url: string): Promise<CommandCount> {
  const place = redisPlace(url);
  const socket = place.path ? connect(place.path) : connect(Number(place.port), place.host);
  socket.setEncoding('latin1');
  let sent = 0;
  let rest = '';
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '+OK') resolve();
        else if (/^\+[\d.]+ \[\d+ (?!lua\])/.test(line)) sent += 1;
      }
    });
    socket.write('MONITOR\r\n');
  });
  return { sent: () => sent, close: () => socket.destroy() };
}
