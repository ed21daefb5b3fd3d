import { script } from './script.ts';

/** Writes what is remembered of a target's releases, where nobody wrote since it was read. */
export const bookScript = script(
  'release-book',
  `
local target,seen,json=take(),take(),take()
local key=P..'releases:'..target
if (redis.call('HGET',key,'version') or '0')~=seen then return 0 end
redis.call('HSET',key,'version',seen+1,'json',json)
return 1
`,
);
