import { postsLua } from './posts.ts';
import { runsLua } from './runs.ts';
import { script } from './script.ts';

/** How far past its lease the holder of a target that cannot refuse a stale writer is waited out, in ms. */
const waitOutMs = 1_000;

/** Longest pause between two rings for a run that nobody takes up, in ms. */
const longestPauseMs = 30_000;

const holderLua = `
local function holder(target)
  local lock=redis.call('HMGET',P..'lock:'..target,'run','worker','fence','until','gone','client','server')
  if not lock[1] then return nil end
  return {run=lock[1],worker=lock[2],fence=lock[3],until_=tonumber(lock[4]),gone=lock[5],client=lock[6],server=lock[7]}
end
local function told(lock,target)
  return {lock.run,lock.worker,lock.fence,lock.until_,lock.gone and 1 or 0,lock.client,lock.server,redis.call('LRANGE',P..'children:'..target,0,-1)}
end
`;

/**
 * Takes a target: answers 1, the new fence and who held it before; or 0 and who holds it. A run that is approved is in preflight from here on:
 * written down in the same step, its driver waits for one sync less.
 */
export const acquireScript = script(
  'acquire',
  postsLua,
  runsLua,
  holderLua,
  `
local target,id,worker,lease,wait_out,client,server=take(),take(),take(),tonumber(take()),take()=='1',take(),take()
local posts=take_posts()
local run=load(id)
local lock=holder(target)
local open=redis.call('GET',P..'target:'..target)
if not run or open~=id or not one_of(RUNNABLE,run.status) then
  return {0,lock and told(lock,target) or {open or id,'',0,0,0,'','',{}}}
end
local before=nil
if lock then
  local over=lock.until_<=now or lock.gone
  local free_at=wait_out and lock.until_+${waitOutMs} or lock.until_
  if now<free_at and (wait_out or not lock.gone) then
    if over and lock.run==id then redis.call('ZADD',P..'ring',free_at,id) end
    return {0,told(lock,target)}
  end
  before=told(lock,target)
end
local begins=run.status=='approved'
if begins and not threads_known(posts,'') then return redis.error_reply('ERR a post names an unknown thread') end
local fence=redis.call('INCR',P..'fence:'..target)
redis.call('DEL',P..'lock:'..target)
redis.call('HSET',P..'lock:'..target,'run',id,'worker',worker,'fence',fence,'until',now+lease,'client',client,'server',server)
redis.call('SADD',P..'leases',target)
redis.call('HSET',P..'run:'..id,'fence',fence)
redis.call('ZADD',P..'ring',now+lease,id)
if begins then
  append(run,{{kind='preflight-started',status='preflight',json='{"kind":"preflight-started","worker":'..cjson.encode(worker)..',"fence":'..fence..',"status":"preflight"}'}})
  enqueue_all(posts)
end
return {1,fence,before}
`,
);

/** Renews a lease and remembers the connection that renewed it. */
export const renewScript = script(
  'renew',
  `
local target,fence,lease,client,server=take(),take(),tonumber(take()),take(),take()
local key=P..'lock:'..target
local lock=redis.call('HMGET',key,'fence','run')
if lock[1]~=fence then return 0 end
redis.call('HSET',key,'until',now+lease,'client',client,'server',server)
redis.call('HDEL',key,'gone')
redis.call('ZADD',P..'ring','XX',now+lease,lock[2])
return 1
`,
);

const pauseLua = `
local function pause(id,rings) return math.min(1000*2^math.min(rings,6),${longestPauseMs}) end
`;

/** Gives a target back; its run is rung again after the pause its fruitless rings have earned. */
export const releaseScript = script(
  'release',
  runsLua,
  pauseLua,
  `
local target,fence=take(),take()
local lock=redis.call('HMGET',P..'lock:'..target,'fence','run')
if lock[1]~=fence then return 0 end
drop_lock(target)
local run=load(lock[2])
if run then schedule(run,now+pause(run.id,tonumber(redis.call('HGET',P..'run:'..run.id,'rings') or 0))) end
return 1
`,
);

/** Keeps a child process of the holder for whoever takes the target over. */
export const childScript = script(
  'child',
  `
local target,fence,child=take(),take(),take()
if redis.call('HGET',P..'lock:'..target,'fence')~=fence then return 0 end
redis.call('RPUSH',P..'children:'..target,child)
return 1
`,
);

/** Keeps how far an operation is and has the root message edited, at most every 3 s. */
export const progressScript = script(
  'progress',
  postsLua,
  runsLua,
  `
local run=load(take())
local fence,note=take(),take()
local posts=take_posts()
if not run or not holds(run,fence) then return 0 end
redis.call('SET',P..'progress:'..run.id,note)
local told_at=tonumber(redis.call('HGET',P..'run:'..run.id,'progress-told') or 0)
if told_at+3000<=now and threads_known(posts,'') then
  redis.call('HSET',P..'run:'..run.id,'progress-told',now)
  enqueue_all(posts)
end
return 1
`,
);

/** Marks holders whose connection is gone, where no other connection renewed meanwhile; answers the runs to ring. */
export const goneScript = script(
  'gone',
  runsLua,
  `
local ring={}
for i=1,tonumber(take()) do
  local target,client,server=take(),take(),take()
  local lock=redis.call('HMGET',P..'lock:'..target,'run','client','server','gone')
  if lock[2]==client and lock[3]==server and not lock[4] then
    redis.call('HSET',P..'lock:'..target,'gone','1')
    local run=load(lock[1])
    if run then
      schedule(run,now+1000)
      ring[#ring+1]={run.id,run.fence,run.runs_on}
    end
  end
end
return ring
`,
);

/** One pass over due timers, unrung work and held leases. What it hands out it hands out again until that is dealt with. */
export const tickScript = script(
  'tick',
  runsLua,
  `
local due,unrung,held={},{},{}
for i,member in ipairs(redis.call('ZRANGEBYSCORE',P..'due','-inf',now,'LIMIT',0,100)) do
  local id,name=string.match(member,'^(.-)|(.+)$')
  redis.call('ZADD',P..'due',now+10000,member)
  due[i]={id,name,tonumber(redis.call('HGET',P..'run:'..id,'timer:'..name) or now)}
end
for _,id in ipairs(redis.call('ZRANGEBYSCORE',P..'ring','-inf',now,'LIMIT',0,100)) do
  local run=load(id)
  if run then
    schedule(run,now+1000)
    if tonumber(redis.call('ZSCORE',P..'ring',id) or 0)==now+1000 then unrung[#unrung+1]={id,run.fence,run.runs_on} end
  else redis.call('ZREM',P..'ring',id) end
end
for _,target in ipairs(redis.call('SMEMBERS',P..'leases')) do
  local lock=redis.call('HMGET',P..'lock:'..target,'until','gone','client','server')
  if lock[1] and not lock[2] and tonumber(lock[1])>now then held[#held+1]={target,lock[3],lock[4]} end
end
local threads=redis.call('ZCOUNT',P..'ready-urgent','-inf',now)+redis.call('ZCOUNT',P..'ready','-inf',now)
return {now,due,unrung,threads,held}
`,
);

/** Notes that runs were rung just now: the pause doubles each time until something happens to the run. */
export const rungScript = script(
  'rung',
  runsLua,
  pauseLua,
  `
for i=1,tonumber(take()) do
  local run=load(take())
  if run then schedule(run,now+pause(run.id,redis.call('HINCRBY',P..'run:'..run.id,'rings',1))) end
end
return 1
`,
);

/** Answers the server's time, after announcing a worker where one is named; with the names of the workers that live. */
export const workersScript = script(
  'workers',
  `
local worker,ttl=take(),tonumber(take())
if worker~='' then redis.call('ZADD',P..'workers',now+ttl,worker) end
return {now,redis.call('ZRANGEBYSCORE',P..'workers',now,'+inf')}
`,
);
