// `npm test`: installs what is missing, then runs the whole check (format, lint, types, tests).
import { ensurePackages, ensureRedis, handOver } from '../demo/setup.mjs';

ensurePackages();
ensureRedis();
const named = process.argv.slice(2);
handOver(named.length > 0 ? ['vitest', 'run', ...named] : ['npm', 'run', '--silent', 'check']);
