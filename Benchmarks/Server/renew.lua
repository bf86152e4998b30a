-- wrk: renews sessions over and over. Each thread takes its refresh tokens from a file of its own, presents the
-- token that it holds longest, and keeps the one that it is answered with.
local counter = 0

function setup(thread)
   counter = counter + 1
   thread:set("id", counter)
end

function init(args)
   tokens = {}
   first, last = 1, 0
   failures = 0
   for line in io.lines(args[1] .. "/tokens-" .. id) do
      last = last + 1
      tokens[last] = line
   end
   wrk.method = "POST"
   wrk.headers["Content-Type"] = "application/json"
end

function request()
   local token = tokens[first]
   tokens[first] = nil
   first = first + 1
   return wrk.format(nil, "/v1/sessions/refresh", nil, '{"refreshToken":"' .. token .. '"}')
end

function response(status, headers, body)
   local token = status == 200 and body:match('"refreshToken":"(mrt_[%w_-]+)"')
   if token then
      last = last + 1
      tokens[last] = token
   else
      failures = failures + 1
      io.stderr:write("renewal answered " .. status .. ": " .. body .. "\n")
      wrk.thread:stop()
   end
end
