/**
 * Lua for scripts that add messages: `open_thread(thread, channel)`, `take_posts()` (reads what `postArgs` wrote),
 * `threads_known(posts, new_thread)` (call it before the first write) and `enqueue_all(posts)`.
 * A thread keeps its rows in a list, oldest first; a row that nobody has claimed yet is replaced by a newer one of its slot.
 */
export const postsLua = `
local function open_thread(thread,channel) redis.call('HSETNX',P..'thread:'..thread,'channel',channel) end
local function take_posts()
  local posts={}
  for i=1,tonumber(take()) do posts[i]={thread=take(),slot=take(),urgent=take()=='urgent',json=take()} end
  return posts
end
local function threads_known(posts,new_thread)
  for _,post in ipairs(posts) do
    if post.thread~=new_thread and redis.call('HEXISTS',P..'thread:'..post.thread,'channel')==0 then return false end
  end
  return true
end
local function ready(thread,look_at)
  local key=P..'thread:'..thread
  if redis.call('LLEN',P..'rows:'..thread)==0 then
    redis.call('ZREM',P..'ready-urgent',thread)
    redis.call('ZREM',P..'ready',thread)
    return
  end
  local urgent=tonumber(redis.call('HGET',key,'urgent') or 0)>0
  local mine,other=P..'ready',P..'ready-urgent'
  if urgent then mine,other=other,mine end
  local before=redis.call('ZSCORE',mine,thread) or redis.call('ZSCORE',other,thread)
  redis.call('ZREM',other,thread)
  redis.call('ZADD',mine,look_at or before or now,thread)
end
local function enqueue(post)
  local key=P..'thread:'..post.thread
  local row=redis.call('HGET',key,'pending:'..post.slot)
  if row then
    redis.call('HSET',key,'post:'..row,post.json)
    if not post.urgent or redis.call('HGET',key,'urgent:'..row)=='1' then return end
    redis.call('HSET',key,'urgent:'..row,'1')
  else
    row=redis.call('HINCRBY',key,'rows',1)
    redis.call('HSET',key,'post:'..row,post.json,'slot:'..row,post.slot,'pending:'..post.slot,row,'urgent:'..row,post.urgent and '1' or '0')
    redis.call('RPUSH',P..'rows:'..post.thread,row)
  end
  if post.urgent then redis.call('HINCRBY',key,'urgent',1) end
  ready(post.thread)
end
local function enqueue_all(posts) for _,post in ipairs(posts) do enqueue(post) end end
`;
