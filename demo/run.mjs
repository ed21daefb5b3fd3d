// `npm run demo`: installs what is missing, then tells the story on real parts.
import { ensurePackages, ensureRedis, handOver } from './setup.mjs';

ensurePackages();
ensureRedis();
handOver(['node', 'demo/main.ts', ...process.argv.slice(2)]);
