import { App, HTTPReceiver } from '@slack/bolt';
import { onOrders } from './processes.ts';

/** What the trivial app is told. */
export interface BoltOrders {
  readonly signingSecret: string;
  readonly botToken: string;
  readonly apiUrl: string;
  readonly port: number;
}

onOrders<BoltOrders>(async ({ signingSecret, botToken, apiUrl, port }) => {
  const receiver = new HTTPReceiver({ signingSecret, endpoints: '/slack/events' });
  const app = new App({
    receiver,
    authorize: async () => ({ botToken, botId: 'B0BACKOUT', botUserId: 'U0BACKOUT' }),
    clientOptions: { slackApiUrl: apiUrl },
  });
  app.command(/[\s\S]*/, ({ ack }) => ack());
  app.action(/[\s\S]*/, ({ ack }) => ack());
  await app.start({ port, host: '127.0.0.1' });
});
