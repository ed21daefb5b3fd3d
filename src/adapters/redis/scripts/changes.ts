import { postsLua } from './posts.ts';
import { runsLua } from './runs.ts';
import { script } from './script.ts';

/** Creates a run once for its key, where its target is free or the run it replaces ends in the same step. */
export const createScript = script(
  'create',
  postsLua,
  runsLua,
  `
local id,request_key,not_after=take(),take(),tonumber(take())
local target,service,runs_on,channel=take(),take(),take(),take()
local events,posts=take_events(),take_posts()
local replaced_id,guard,guard_value=take(),take(),take()
local ending,ending_posts=take_events(),take_posts()
local known=redis.call('GET',P..'request:'..request_key)
if known then return {'duplicate',known} end
if redis.call('EXISTS',P..'run:'..id)==1 then return {'duplicate',id} end
if now>not_after then return {'late'} end
local holder=redis.call('GET',P..'target:'..target)
local replaced=nil
if replaced_id~='' then
  if holder and holder~=replaced_id then return {'busy',holder} end
  replaced=load(replaced_id)
  if not replaced or not holder or not guarded(replaced,guard,guard_value) then return {'conflict'} end
  local final=judge(replaced,ending)
  if not final or not one_of(FINAL,final) then return {'conflict'} end
elseif holder then return {'busy',holder} end
if not threads_known(posts,id) or not threads_known(ending_posts,id) then return redis.error_reply('ERR a post names an unknown thread') end
if replaced then
  append(replaced,ending)
  enqueue_all(ending_posts)
end
redis.call('SET',P..'request:'..request_key,id)
redis.call('SET',P..'target:'..target,id)
redis.call('HSET',P..'run:'..id,'status','requested','version',0,'target',target,'created',now,'request-key',request_key,'fence',0,'runs-on',runs_on)
redis.call('ZADD',P..'in-status:requested',now,id)
for _,index in ipairs({'open','runs','of-target:'..target,'of-service:'..service}) do redis.call('ZADD',P..index,now,id) end
redis.call('SADD',P..'short:'..string.sub(id,-4),id)
open_thread(id,channel)
append(load(id),events)
enqueue_all(posts)
return {'created',id,now}
`,
);

/** Changes a run: events, indexes, timers, messages and the operation that begins with it in one step, or nothing. */
export const changeScript = script(
  'change',
  postsLua,
  runsLua,
  `
local run=load(take())
local guard,guard_value,not_after=take(),take(),tonumber(take())
local events,timers,posts=take_events(),take_timers(),take_posts()
local fence,phase,index,first,last,worker=take(),take(),tonumber(take()),tonumber(take()),tonumber(take()),take()
if not run then return {'missing'} end
local passed,why=guarded(run,guard,guard_value)
if not passed then return {why} end
if not_after>0 and now>not_after then return {'late'} end
local status=judge(run,events)
if not status then return {'illegal'} end
if fence~='' and not begins_fresh(run,status,fence,phase,index) then return {'illegal'} end
if not threads_known(posts,'') then return redis.error_reply('ERR a post names an unknown thread') end
append(run,events)
change_timers(run,timers)
enqueue_all(posts)
if fence~='' then begin(run,fence,phase,index,first,last,worker) end
return {'ok',run.version,now}
`,
);

/** Journals that an operation begins, or is taken up again by whoever holds the target now. */
export const beginScript = script(
  'begin',
  runsLua,
  `
local run=load(take())
local fence,phase,index,first,last,worker=take(),take(),tonumber(take()),tonumber(take()),tonumber(take()),take()
if not run then return 'fenced' end
return begin(run,fence,phase,index,first,last,worker)
`,
);

/** Journals an operation's outcome once; whoever lost the target only leaves a note that it came late. */
export const outcomeScript = script(
  'outcome',
  postsLua,
  runsLua,
  `
local run=load(take())
local fence=take()
local events,timers,posts=take_events(),take_timers(),take_posts()
if not run then return 'missing' end
local phase,index=events[1].phase,events[1].index
if not holds(run,fence) then
  append(run,{{kind='late-write',status='',json='{"kind":"late-write","phase":"'..phase..'","index":'..index..',"fence":'..fence..'}'}})
  return 'fenced'
end
local before=mark(run.id,phase,index)
if before=='ended' or before=='failed' then return 'done' end
if before~=fence then return 'missing' end
if not judge(run,events) then return 'illegal' end
if not threads_known(posts,'') then return redis.error_reply('ERR a post names an unknown thread') end
append(run,events)
change_timers(run,timers)
enqueue_all(posts)
return 'ok'
`,
);
