-- wrk's part of the attack: wrong passwords for one user. Each connection waits before each request, and the next
-- wait begins with the answer.
--
--   attack.lua PAUSE   the mean time, in milliseconds, that a connection waits before each request
--
-- Half of the attempts come from one network, the others from 2,000 in turn. Prints one line: `result REQUESTS SECONDS
-- STATUS=COUNT… else=COUNT`, and on another what is behind the last of these: `else KIND=COUNT…`, where a kind is another
-- status or an error of wrk's. A timeout is an answer that took more than wrk's --timeout.
local networks = 2000
local statuses = { 201, 401, 429, 503 }
local threads = {}

function setup(thread)
   table.insert(threads, thread)
   thread:set("id", #threads)
end

function init(args)
   local pause = tonumber(args[1])
   math.randomseed(id)
   delay = function() return math.random(0, 2 * pause) end
   wrk.headers["Content-Type"] = "application/json"
   wrk.headers["User-Agent"] = "attack/1"
   -- Each thread begins elsewhere in the turn.
   number = id * 1001
   for _, status in ipairs(statuses) do _G["answered" .. status] = 0 end
   others = {}
end

function request()
   number = number + 1
   local network = math.floor(number / 2) % networks
   wrk.headers["X-Forwarded-For"] =
      number % 2 == 0 and "203.0.113.66" or ("10.%d.%d.1"):format(math.floor(network / 256), network % 256)
   return wrk.format("POST", "/v1/sessions", nil, ('{"username":"bench","password":"wrong %d"}'):format(number))
end

function response(status)
   local name = "answered" .. status
   if _G[name] then _G[name] = _G[name] + 1 else others[status] = (others[status] or 0) + 1 end
end

function done(summary)
   local line = ("result %d %.6f"):format(summary.requests, summary.duration / 1e6)
   for _, status in ipairs(statuses) do
      local sum = 0
      for _, thread in ipairs(threads) do sum = sum + thread:get("answered" .. status) end
      line = line .. (" %d=%d"):format(status, sum)
   end
   local sum, kinds = 0, ""
   local function add(kind, count)
      if count > 0 then sum, kinds = sum + count, kinds .. (" %s=%d"):format(kind, count) end
   end
   for _, kind in ipairs({ "connect", "read", "write", "timeout" }) do add(kind, summary.errors[kind]) end
   for _, thread in ipairs(threads) do
      for status, count in pairs(thread:get("others")) do add(status, count) end
   end
   print(line .. (" else=%d"):format(sum))
   print("else" .. kinds)
end
