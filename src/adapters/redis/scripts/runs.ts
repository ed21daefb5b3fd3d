import { isFinal, isRunnable, statuses, transitions } from '../../../domain/status.ts';
import { timerNames } from '../../../ports/run-store.ts';

const steps = statuses.flatMap(from => transitions[from].map(to => `${from}>${to}`));

/** How long whoever changed a run has to ring for it before the reconciler does, in ms. */
const ringGraceMs = 1_000;

/** How long a finished run's idempotency key is remembered, in ms. */
const rememberMs = 86_400_000;

/**
 * Lua over a run's record: a hash that caches the fold (status, version, fence, journal marks), its log, and the indexes.
 * `judge` reads only; everything after it writes, so no script is left half done.
 */
export const runsLua = `
local STEPS=' ${steps.join(' ')} '
local FINAL=' ${statuses.filter(isFinal).join(' ')} '
local RUNNABLE=' ${statuses.filter(isRunnable).join(' ')} '
local AFTER_END=' recorded thread-moved late-write vote-refused logs-asked logs-kept '
local function one_of(set,word) return string.find(set,' '..word..' ',1,true)~=nil end
local function take_events()
  local events={}
  for i=1,tonumber(take()) do events[i]={kind=take(),status=take(),phase=take(),index=take(),json=take()} end
  return events
end
local function take_timers()
  local timers={set={},clear={}}
  for i=1,tonumber(take()) do timers.set[i]={name=take(),delay=tonumber(take())} end
  for i=1,tonumber(take()) do timers.clear[i]=take() end
  return timers
end
local function load(id)
  local f=redis.call('HMGET',P..'run:'..id,'status','version','target','created','recorded','fence','runs-on')
  if not f[1] then return nil end
  return {id=id,status=f[1],version=tonumber(f[2]),target=f[3],created=f[4],recorded=f[5],fence=tonumber(f[6]),runs_on=f[7]}
end
local function holds(run,fence)
  local lock=redis.call('HMGET',P..'lock:'..run.target,'run','fence')
  return lock[1]==run.id and lock[2]==tostring(fence)
end
local function guarded(run,guard,value)
  if guard=='fence' then return holds(run,value),'fenced' end
  return run.version==tonumber(value),'conflict'
end
local function mark(id,phase,index) return redis.call('HGET',P..'run:'..id,phase..':'..index) end
local function judge(run,events)
  local status,recorded,ended=run.status,run.recorded,{}
  for _,event in ipairs(events) do
    if one_of(FINAL,status) and not one_of(AFTER_END,event.kind) then return nil end
    if event.kind=='requested' then return nil end
    if event.kind=='recorded' then
      if recorded or not one_of(FINAL,status) then return nil end
      recorded=true
    elseif event.kind=='operation-ended' or event.kind=='operation-failed' then
      local name=event.phase..':'..event.index
      local before=mark(run.id,event.phase,event.index)
      if not before or before=='ended' or ended[name] then return nil end
      ended[name]=true
    elseif event.kind=='operation-begun' then return nil end
    if event.status~='' then
      if not one_of(STEPS,status..'>'..event.status) then return nil end
      status=event.status
    end
  end
  return status
end
local function schedule(run,look_at)
  local wanted=one_of(RUNNABLE,run.status) or (one_of(FINAL,run.status) and not run.recorded)
  if not wanted then redis.call('ZREM',P..'ring',run.id) return end
  local lock=redis.call('HMGET',P..'lock:'..run.target,'run','until','gone')
  if lock[1]==run.id and tonumber(lock[2])>now and not lock[3] then look_at=lock[2] end
  redis.call('ZADD',P..'ring',look_at,run.id)
end
local function drop_lock(target)
  redis.call('DEL',P..'lock:'..target,P..'children:'..target)
  redis.call('SREM',P..'leases',target)
end
local function finish(run)
  redis.call('ZREM',P..'open',run.id)
  if redis.call('GET',P..'target:'..run.target)==run.id then redis.call('DEL',P..'target:'..run.target) end
  redis.call('ZREM',P..'due',${timerNames.map(name => `run.id..'|${name}'`).join(',')})
  if redis.call('HGET',P..'lock:'..run.target,'run')==run.id then drop_lock(run.target) end
  local key=redis.call('HGET',P..'run:'..run.id,'request-key')
  if key then redis.call('PEXPIRE',P..'request:'..key,${rememberMs}) end
  redis.call('DEL',P..'progress:'..run.id)
end
local function log(run,json)
  run.version=run.version+1
  redis.call('RPUSH',P..'log:'..run.id,string.sub(json,1,-2)..',"version":'..run.version..',"at":'..now..'}')
end
local function append(run,events)
  local key,before=P..'run:'..run.id,run.status
  for _,event in ipairs(events) do
    log(run,event.json)
    if event.status~='' then run.status=event.status end
    if event.kind=='recorded' then run.recorded='1' redis.call('HSET',key,'recorded','1') end
    if event.kind=='operation-ended' then redis.call('HSET',key,event.phase..':'..event.index,'ended') end
    if event.kind=='stop-asked' then redis.call('HSET',key,'stop-asked','1') end
    if event.kind=='operator-decided' then redis.call('HDEL',key,'stop-asked') end
    if event.kind=='operation-failed' then redis.call('HSET',key,event.phase..':'..event.index,'failed') end
  end
  redis.call('HSET',key,'version',run.version,'status',run.status,'rings',0)
  if run.status~=before then
    redis.call('ZREM',P..'in-status:'..before,run.id)
    redis.call('ZADD',P..'in-status:'..run.status,run.created,run.id)
    if one_of(FINAL,run.status) then finish(run) end
  end
  schedule(run,now+${ringGraceMs})
end
local function begins_fresh(run,status,fence,phase,index)
  return phase=='apply' and index==0 and status=='executing' and holds(run,fence) and not mark(run.id,phase,index)
end
local function in_turn(run,phase,first,last)
  if phase=='apply' then
    for i=0,first-1 do if mark(run.id,phase,i)~='ended' then return false end end
    return true
  end
  local record=redis.call('HMGET',P..'run:'..run.id,'revert:last','revert:first')
  local lowest=tonumber(record[1] or last)
  if lowest<first then return false end
  for i=last+1,tonumber(record[2] or lowest) do
    local before=mark(run.id,phase,i)
    if before and before~='ended' then return false end
  end
  return true
end
local function halted(run,phase,first,last)
  for i=first,last do if mark(run.id,phase,i)=='failed' then return true end end
  return phase=='apply' and redis.call('HEXISTS',P..'run:'..run.id,'stop-asked')==1
end
local function begin(run,fence,phase,index,first,last,worker)
  if not holds(run,fence) then return 'fenced' end
  local key=P..'run:'..run.id
  local before=mark(run.id,phase,index)
  if before=='ended' then return 'done' end
  if run.status~=(phase=='apply' and 'executing' or 'compensating') then return 'order' end
  if index<first or index>last or not in_turn(run,phase,first,last) then return 'order' end
  if not before and halted(run,phase,first,last) then return 'halted' end
  if phase=='revert' then
    local record=redis.call('HMGET',key,'revert:last','revert:first')
    local lowest=tonumber(record[1] or index)
    redis.call('HSET',key,'revert:last',math.min(lowest,index),'revert:first',math.max(tonumber(record[2] or lowest),index))
  end
  local attempt=redis.call('HINCRBY',key,phase..':'..index..':attempt',1)
  redis.call('HSET',key,phase..':'..index,fence)
  append(run,{{kind='operation-begun',status='',json='{"kind":"operation-begun","phase":"'..phase..'","index":'..index..',"fence":'..fence..',"attempt":'..attempt..',"worker":'..worker..'}'}})
  if before then return 'resume' end
  return 'fresh'
end
local function change_timers(run,timers)
  for _,name in ipairs(timers.clear) do redis.call('ZREM',P..'due',run.id..'|'..name) end
  for _,timer in ipairs(timers.set) do if timer.name=='held-reminder' or not one_of(FINAL,run.status) then
    redis.call('ZADD',P..'due',now+timer.delay,run.id..'|'..timer.name)
    redis.call('HSET',P..'run:'..run.id,'timer:'..timer.name,now+timer.delay)
  end end
end
`;
