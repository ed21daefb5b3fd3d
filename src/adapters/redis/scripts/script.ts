import { createHash } from 'node:crypto';
import { prefix } from '../keys.ts';

/** A Lua script with the hash that Redis knows it by. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
  /** The key that routes it: all others carry the same hash tag. */
  readonly key: string;
}

/** Time by the server's clock in epoch ms, moved by a key that only tests write. */
const clock = `
local P='${prefix}'
local server_time=redis.call('TIME')
local now=server_time[1]*1000+math.floor(server_time[2]/1000)+tonumber(redis.call('GET',P..'test-offset') or 0)
local at=1
local function take() at=at+1; return ARGV[at-1] end
`;

/** Builds a script out of parts; each begins with `P` (key prefix), `now` (epoch ms) and `take()` (the next argument). */
export function script(name: string, ...parts: readonly string[]): Script {
  const lua = `-- ${name}\n${clock}${parts.join('\n')}`;
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex'), key: `${prefix}route` };
}
