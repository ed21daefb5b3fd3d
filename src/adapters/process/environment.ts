import type { SecretRef } from '../../domain/catalogue.ts';
import type { ProcessResult } from '../../ports/processes.ts';
import type { ReadSecret } from '../../ports/secrets.ts';

/** Reads the references of an environment; `secrets` are the values to blot out of what the program prints. */
export async function readEnvironment(
  readSecret: ReadSecret,
  written: Readonly<Record<string, string | SecretRef>>,
): Promise<{ env: Record<string, string>; secrets: string[] }> {
  const read = await Promise.all(
    Object.entries(written).map(async ([name, value]) => ({
      name,
      value: typeof value === 'string' ? value : await readSecret(value),
      secret: typeof value !== 'string',
    })),
  );
  return {
    env: Object.fromEntries(read.map(({ name, value }) => [name, value])),
    secrets: read.filter(({ secret }) => secret).map(({ value }) => value),
  };
}

/** The last lines a program said, for people: what it complained of, else what it printed. */
export function lastLines(run: Pick<ProcessResult, 'stdout' | 'stderr'>, lines = 8): string {
  const said = run.stderr.trim() || run.stdout.trim();
  return said.split('\n').slice(-lines).join('\n').slice(-1_500);
}
