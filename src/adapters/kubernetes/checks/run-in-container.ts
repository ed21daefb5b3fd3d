import { z } from 'zod';
import type { Connection, KubeRequest } from '../connect.ts';
import { KubeError } from '../kube-error.ts';
import { pathOf } from '../objects.ts';
import { readSocket } from './socket.ts';

/** A command and where it runs. */
export interface ContainerCommand {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly argv: readonly string[];
  /** Time limit in ms. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** How a command in a container ended. */
export interface Executed {
  /** Null where it could not be started; `detail` says why. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly detail: string;
}

/** The most that a command may print, in bytes. */
const longestOutput = 1024 * 1024;
const channels = { stdout: 1, stderr: 2, status: 3 } as const;
const statusSchema = z.object({
  status: z.string().nullish(),
  message: z.string().nullish(),
  reason: z.string().nullish(),
  details: z
    .object({ causes: z.array(z.object({ reason: z.string().nullish(), message: z.string().nullish() })).nullish() })
    .nullish(),
});

/**
 * Runs a command in a container over the exec subresource, without a terminal and without input. Ends by its time limit, by the
 * signal, or where it prints too much; the command itself may go on then, for the API server has no way to end it. Throws `KubeError`.
 */
export async function runInContainer(connection: Connection, command: ContainerCommand): Promise<Executed> {
  const { namespace, pod, container, argv, limitMs, signal } = command;
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' });
  for (const word of argv) query.append('command', word);
  const path = `${pathOf('api/v1', namespace, 'pods', pod)}/exec?${query}`;
  const limit = AbortSignal.timeout(limitMs);
  const either = AbortSignal.any([signal, limit]);
  const asked: KubeRequest = { verb: 'create', resource: 'pods/exec', namespace, path, signal, limitMs };
  const { socket, head } = await connection.upgrade(asked, 'v4.channel.k8s.io');
  const output = { [channels.stdout]: '', [channels.stderr]: '' };
  const sizes = { all: 0 };
  return new Promise((resolve, reject) => {
    let done: Executed | null = null;
    const fail = (why: string) => reject(new KubeError(asked, 0, why));
    const onAbort = () => {
      if (signal.aborted) reject(signal.reason);
      else fail(`the command has not ended in ${limitMs / 1000} s`);
      close();
    };
    const close = readSocket(socket, head, {
      message: data => {
        const [channel = 0] = data;
        const text = data.subarray(1);
        if (channel === channels.status) done = outcomeOf(text.toString(), output[1], output[2]);
        if (channel !== channels.stdout && channel !== channels.stderr) return;
        sizes.all += text.length;
        output[channel] += text.toString('latin1');
        if (sizes.all <= longestOutput) return;
        fail('the command prints more than 1 MiB');
        close();
      },
      end: error => {
        either.removeEventListener('abort', onAbort);
        if (done) resolve(done);
        else fail(error?.message ?? 'the connection ended before the command did');
      },
    });
    either.addEventListener('abort', onAbort, { once: true });
    if (either.aborted) onAbort();
  });
}

/** Pieces may be cut within a letter, so they were joined byte for byte. */
const decoded = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

function outcomeOf(text: string, stdout: string, stderr: string): Executed {
  const printed = { stdout: decoded(stdout), stderr: decoded(stderr) };
  const status = statusSchema.safeParse(JSON.parse(text)).data;
  if (status?.status === 'Success') return { ...printed, exitCode: 0, detail: '' };
  const code = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  const read = code == null ? Number.NaN : Number(code);
  return {
    ...printed,
    exitCode: Number.isInteger(read) ? read : null,
    detail: status?.message ?? 'it could not be started',
  };
}
