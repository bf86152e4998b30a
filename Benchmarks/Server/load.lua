-- wrk's part of the benchmark: one load program for all requests, so that what it costs itself counts everywhere alike.
--
--   live            GET /health/live
--   renew FOLDER    renews sessions in turn: each thread takes refresh tokens from a file of its own, FOLDER/tokens-1
--                   and so on, presents the one it has held longest, and keeps the one it is answered with
--   peer FOLDER     as renew, on another server: FOLDER/request has the path, the content type, what stands before and
--                   after the token in the body, and the member of the answer that has the new one, each in a line
--   herd FOLDER     all connections renew one session at once, as the tabs of a browser do that share a store
--
-- A number at the end is the mean time, in milliseconds, that a connection waits before each request.
-- Prints one line: `result REQUESTS SECONDS REFUSED P50 P99 P99.9`, times in microseconds.
local threads = {}

function setup(thread)
   table.insert(threads, thread)
   thread:set("id", #threads)
end

local tokenLength = 116
local alphabet = {}
for index = 1, 64 do
   alphabet[("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"):byte(index)] = index - 1
end

-- The generation that a token tells: bytes 18 to 21 of those that follow `mrt_` in base64url.
local function generation(token)
   local bits = 0
   for index = 29, 34 do bits = bits * 64 + alphabet[token:byte(index)] end
   return math.floor(bits / 16) % 4294967296
end

local ask, answered

local function readTokens(folder)
   local tokens, last = {}, 0
   for line in io.lines(folder .. "/tokens-" .. id) do
      last = last + 1
      tokens[last] = line
   end
   return tokens, last
end

local function renewal()
   local placeholder = ("x"):rep(tokenLength)
   wrk.headers["Content-Type"] = "application/json"
   local text = wrk.format("POST", "/v1/sessions/refresh", nil, '{"refreshToken":"' .. placeholder .. '"}')
   local start, finish = text:find(placeholder, 1, true)
   return text:sub(1, start - 1), text:sub(finish + 1)
end

local function newToken(body)
   local start = body:find('"mrt_', 1, true)
   return start and body:sub(start + 1, start + tokenLength)
end

local function fail(status, body)
   io.stderr:write("answered " .. status .. ": " .. body .. "\n")
   wrk.thread:stop()
end

local modes = {}

function modes.live()
   local text = wrk.format("GET", "/health/live")
   ask = function() return text end
   answered = function(status, body)
      if status ~= 200 or not body:find('"live"', 1, true) then fail(status, body) end
   end
end

function modes.renew(folder)
   local tokens, last = readTokens(folder)
   local first = 1
   local before, after = renewal()
   ask = function()
      local token = tokens[first]
      tokens[first] = nil
      first = first + 1
      return before .. token .. after
   end
   answered = function(status, body)
      local token = status == 200 and newToken(body)
      if not token then return fail(status, body) end
      last = last + 1
      tokens[last] = token
   end
end

function modes.peer(folder)
   local tokens, last = readTokens(folder)
   local first = 1
   local lines = {}
   for line in io.lines(folder .. "/request") do lines[#lines + 1] = line end
   local path, kind, before, after, member = lines[1], lines[2], lines[3], lines[4], lines[5]
   local pattern = '"' .. member .. '"%s*:%s*"([^"]+)"'
   wrk.headers["Content-Type"] = kind
   ask = function()
      local token = tokens[first]
      tokens[first] = nil
      first = first + 1
      return wrk.format("POST", path, nil, before .. token .. after)
   end
   answered = function(status, body)
      local token = status == 200 and body:match(pattern)
      if token then
         last = last + 1
         tokens[last] = token
      else
         -- Some of them fail under load. Such a session is not taken up again.
         refused = refused + 1
      end
   end
end

function modes.herd(folder)
   local token = readTokens(folder)[1]
   local before, after = renewal()
   ask = function() return before .. token .. after end
   answered = function(status, body)
      local child = status == 200 and newToken(body)
      if child then
         -- The first answer to the token that the store holds replaces it; later ones come too late.
         if generation(child) == generation(token) + 1 then token = child end
      elseif status == 409 then
         refused = refused + 1
      else
         fail(status, body)
      end
   end
end

function init(args)
   refused = 0
   local pause = tonumber(args[#args])
   modes[args[1]](args[2])
   if pause then
      math.randomseed(id)
      delay = function() return math.random(0, 2 * pause) end
   end
end

function request() return ask() end

function response(status, headers, body) answered(status, body) end

function done(summary, latency)
   local refusals = 0
   for _, thread in ipairs(threads) do refusals = refusals + thread:get("refused") end
   local errors = summary.errors
   if errors.connect + errors.read + errors.write + errors.timeout > 0 then io.stderr:write("answered not at all\n") end
   io.write(string.format(
      "result %d %.6f %d %d %d %d\n", summary.requests, summary.duration / 1e6, refusals, latency:percentile(50),
      latency:percentile(99), latency:percentile(99.9)))
end
