import { postsLua } from './posts.ts';
import { script } from './script.ts';

/** How long a posted message can be found again by its channel and ts, in ms. */
const findableMs = 7_776_000_000;

const rowsLua = `
local function drop(thread,row)
  local key=P..'thread:'..thread
  if redis.call('HGET',key,'urgent:'..row)=='1' then redis.call('HINCRBY',key,'urgent',-1) end
  local slot=redis.call('HGET',key,'slot:'..row)
  if redis.call('HGET',key,'pending:'..slot)==row then redis.call('HDEL',key,'pending:'..slot) end
  if redis.call('HGET',key,'claimed')==row then redis.call('HDEL',key,'claimed') end
  redis.call('HDEL',key,'post:'..row,'slot:'..row,'urgent:'..row,'attempts:'..row,'ambiguous:'..row)
  redis.call('LREM',P..'rows:'..thread,1,row)
end
`;

/** Claims heads of ready threads, urgent threads first, at most one of a channel at a time. */
export const claimScript = script(
  'claim',
  postsLua,
  `
local limit,lease=tonumber(take()),tonumber(take())
local claimed,channels={},{}
redis.call('ZREMRANGEBYSCORE',P..'holds','-inf',now)
for _,zset in ipairs({P..'ready-urgent',P..'ready'}) do
  for _,thread in ipairs(redis.call('ZRANGEBYSCORE',zset,'-inf',now,'LIMIT',0,limit*10)) do
    if #claimed>=limit then break end
    local key=P..'thread:'..thread
    local channel=redis.call('HGET',key,'channel')
    local hold=redis.call('ZSCORE',P..'holds',channel)
    if hold then redis.call('ZADD',zset,hold,thread)
    elseif not channels[channel] then
      channels[channel]=true
      local row=redis.call('LINDEX',P..'rows:'..thread,0)
      local f=redis.call('HMGET',key,'slot:'..row,'post:'..row,'attempts:'..row,'ambiguous:'..row,'claimed')
      local ambiguous=f[4]=='1' or f[5]==row
      if redis.call('HGET',key,'pending:'..f[1])==row then redis.call('HDEL',key,'pending:'..f[1]) end
      redis.call('HSET',key,'claimed',row,'attempts:'..row,tonumber(f[3] or 0)+1,'ambiguous:'..row,ambiguous and '1' or '0')
      redis.call('ZADD',zset,now+lease,thread)
      claimed[#claimed+1]={thread,row,f[2],tonumber(f[3] or 0),ambiguous and 1 or 0,redis.call('HGETALL',key)}
    end
  end
end
return claimed
`,
);

/** Notes where a row was posted and lets the thread go on; a row that is gone already changes nothing. */
export const sentScript = script(
  'sent',
  postsLua,
  rowsLua,
  `
local thread,row,ts=take(),take(),take()
local key=P..'thread:'..thread
local f=redis.call('HMGET',key,'slot:'..row,'post:'..row,'urgent:'..row,'channel','root')
if not f[1] then return 0 end
redis.call('HSET',key,'ts:'..f[1],ts)
if not f[5] then redis.call('HSET',key,'root',ts) end
if f[3]=='1' or f[1]=='root' then redis.call('HSET',key,'kept:'..f[1],f[2]) redis.call('HSETNX',key,'order:'..f[1],row) end
redis.call('SET',P..'message:'..f[4]..':'..ts,thread,'PX',${findableMs})
drop(thread,row)
ready(thread,now)
return 1
`,
);

/** Puts a claimed row back until later; another relay's claim is left alone. */
export const retryScript = script(
  'retry',
  postsLua,
  `
local thread,row,attempt,after,ambiguous=take(),take(),tonumber(take()),tonumber(take()),take()
local key=P..'thread:'..thread
local f=redis.call('HMGET',key,'claimed','attempts:'..row)
if f[1]~=row or tonumber(f[2])~=attempt+1 then return 0 end
redis.call('HDEL',key,'claimed')
redis.call('HSET',key,'ambiguous:'..row,ambiguous)
ready(thread,now+after)
return 1
`,
);

/** Gives a row up and lets the thread go on; the last thousand are kept for people to see. */
export const deadScript = script(
  'dead',
  postsLua,
  rowsLua,
  `
local thread,row,why=take(),take(),take()
local post=redis.call('HGET',P..'thread:'..thread,'post:'..row)
if not post then return 0 end
redis.call('LPUSH',P..'dead','{"post":'..post..',"why":'..why..',"at":'..now..'}')
redis.call('LTRIM',P..'dead',0,999)
redis.call('INCR',P..'dead-count')
drop(thread,row)
ready(thread,now)
return 1
`,
);

/** Begins a thread anew in another channel: the root, the urgent slots in the order they were posted, then what waits. */
export const moveScript = script(
  'move',
  postsLua,
  rowsLua,
  `
local thread,channel=take(),take()
local key=P..'thread:'..thread
if redis.call('HEXISTS',key,'channel')==0 then return 0 end
local again,seen={},{}
local all=redis.call('HGETALL',key)
for i=1,#all,2 do
  local slot=string.match(all[i],'^kept:(.*)$')
  if slot then
    local order=slot=='root' and -1 or tonumber(redis.call('HGET',key,'order:'..slot))
    again[#again+1]={order=order,slot=slot,json=all[i+1],urgent=slot~='root'}
    seen[slot]=again[#again]
  end
  if string.find(all[i],'^ts:') then redis.call('HDEL',key,all[i]) end
end
table.sort(again,function(a,b) return a.order<b.order end)
for _,row in ipairs(redis.call('LRANGE',P..'rows:'..thread,0,-1)) do
  local f=redis.call('HMGET',key,'slot:'..row,'post:'..row,'urgent:'..row)
  local post=seen[f[1]]
  if not post then
    post={slot=f[1]}
    again[#again+1]=post
    seen[f[1]]=post
  end
  post.json=f[2]
  post.urgent=post.urgent or f[3]=='1'
  drop(thread,row)
end
redis.call('HDEL',key,'root')
redis.call('HSET',key,'channel',channel)
redis.call('ZREM',P..'ready',thread)
redis.call('ZREM',P..'ready-urgent',thread)
for _,post in ipairs(again) do
  post.thread=thread
  enqueue(post)
end
return 1
`,
);

/** Holds a channel's threads until then; the longest hold counts. */
export const holdScript = script(
  'hold',
  `
local channel,until_=take(),take()
redis.call('ZADD',P..'holds','GT',until_,channel)
return 1
`,
);

/** Adds rows to threads that are there. */
export const addScript = script(
  'add',
  postsLua,
  `
local posts=take_posts()
if not threads_known(posts,'') then return redis.error_reply('ERR a post names an unknown thread') end
enqueue_all(posts)
return 1
`,
);

/** Counts rows that wait and rows given up. */
export const countsScript = script(
  'counts',
  `
local waiting=0
for _,zset in ipairs({P..'ready-urgent',P..'ready'}) do
  for _,thread in ipairs(redis.call('ZRANGE',zset,0,-1)) do waiting=waiting+redis.call('LLEN',P..'rows:'..thread) end
end
return {waiting,tonumber(redis.call('GET',P..'dead-count') or 0)}
`,
);
