import { ack } from './ack.ts';
import { type Bench, drawTable, type Figure } from './figure.ts';
import { firstOperation } from './first-operation.ts';
import { helmRollback } from './helm-rollback.ts';
import { idle } from './idle.ts';
import { journal } from './journal.ts';
import { kill } from './kill.ts';
import { kubectlRace } from './kubectl-race.ts';
import { kubectlRaceMany } from './race-many.ts';
import { watched } from './watched.ts';

const benches: readonly Bench[] = [
  ack,
  firstOperation,
  journal,
  kill,
  idle,
  kubectlRace,
  kubectlRaceMany,
  helmRollback,
  watched,
];

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter(name => !benches.some(bench => bench.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`no bench ${unknown.join(', ')}; there are ${benches.map(({ name }) => name).join(', ')}\n`);
    return 1;
  }
  const figures: Figure[] = [];
  for (const bench of benches.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const say = (progress: string) => process.stderr.write(`${bench.name}: ${progress}\n`);
    const found = await bench.run(say);
    process.stdout.write(`\n${drawTable(found)}\n`);
    figures.push(...found);
  }
  return figures.every(({ met }) => met !== false) ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
