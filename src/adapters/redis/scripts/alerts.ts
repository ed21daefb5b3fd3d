import { postsLua } from './posts.ts';
import { script } from './script.ts';

/** How long the same body counts as a repetition, in ms. */
const repeatedMs = 600_000;

/** A body that was handed out so often without being worked off is put aside: it would be handed out for ever. */
const mostTries = 8;

/** How long closed episodes and proposals are remembered, in ms. */
const rememberMs = 2_592_000_000;

/** Keeps a body that came in, unless the same one came shortly before. */
export const takeScript = script(
  'take-intake',
  `
local id,digest,json=take(),take(),take()
if not redis.call('SET',P..'intake-seen:'..digest,id,'NX','PX',${repeatedMs}) then return 'repeated' end
redis.call('HSET',P..'intake:'..id,'json',json,'tries',0)
redis.call('ZADD',P..'intake',now,id)
return 'taken'
`,
);

/** Hands out the oldest bodies that wait; one that nobody could work off is put aside. */
export const claimIntakeScript = script(
  'claim-intake',
  `
local limit,lease=tonumber(take()),tonumber(take())
local out={}
for _,id in ipairs(redis.call('ZRANGEBYSCORE',P..'intake','-inf',now,'LIMIT',0,limit)) do
  local json=redis.call('HGET',P..'intake:'..id,'json')
  local tries=redis.call('HINCRBY',P..'intake:'..id,'tries',1)
  if json and tries<=${mostTries} then
    redis.call('ZADD',P..'intake',now+lease,id)
    out[#out+1]=json
  else
    redis.call('ZREM',P..'intake',id)
    redis.call('DEL',P..'intake:'..id)
    if json then
      redis.call('LPUSH',P..'intake-dead',json)
      redis.call('LTRIM',P..'intake-dead',0,99)
    end
  end
end
return out
`,
);

/** Forgets a body that was worked off. */
export const doneScript = script(
  'done-intake',
  `
local id=take()
redis.call('ZREM',P..'intake',id)
redis.call('DEL',P..'intake:'..id)
return 1
`,
);

/** Writes an episode as it follows from the one that was read, and the list of its target's open ones. */
export const episodeScript = script(
  'episode',
  `
local fingerprint,seen,json,target,open=take(),take(),take(),take(),take()
local key=P..'episode:'..fingerprint
if (redis.call('HGET',key,'version') or '0')~=seen then return 0 end
redis.call('HSET',key,'version',seen+1,'json',json)
if open=='1' then redis.call('PERSIST',key) else redis.call('PEXPIRE',key,${rememberMs}) end
if target~='' then
  if open=='1' then redis.call('SADD',P..'episodes-of:'..target,fingerprint)
  else redis.call('SREM',P..'episodes-of:'..target,fingerprint) end
end
return 1
`,
);

/** Opens a proposal with its thread, where its target has none open; answers the id of the open one. */
export const proposeScript = script(
  'propose',
  postsLua,
  `
local id,target,channel,json=take(),take(),take(),take()
local posts=take_posts()
local open=redis.call('GET',P..'proposal-of:'..target)
if open then return open end
if not threads_known(posts,id) then return redis.error_reply('ERR a post names an unknown thread') end
redis.call('SET',P..'proposal-of:'..target,id)
redis.call('HSET',P..'proposal:'..id,'json',json,'target',target,'status','open','version',1)
open_thread(id,channel)
enqueue_all(posts)
return id
`,
);

/** Closes an open proposal, once. */
export const closeScript = script(
  'close-proposal',
  postsLua,
  `
local id,version,status,run=take(),take(),take(),take()
local posts=take_posts()
local key=P..'proposal:'..id
local f=redis.call('HMGET',key,'status','version','target')
if f[1]~='open' or f[2]~=version then return 0 end
if not threads_known(posts,'') then return redis.error_reply('ERR a post names an unknown thread') end
redis.call('HSET',key,'status',status,'run',run,'version',version+1)
redis.call('PEXPIRE',key,${rememberMs})
if redis.call('GET',P..'proposal-of:'..f[3])==id then redis.call('DEL',P..'proposal-of:'..f[3]) end
enqueue_all(posts)
return 1
`,
);
