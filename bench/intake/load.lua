-- Deliveries as GitHub sends them, each with a GUID of its own. Arguments: folder of the requests, their count, run.
-- GitHub's GUIDs are UUIDs of version 1: they start with the low half of the time, in units of 100 ns.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  local folder, count = arguments[1], tonumber(arguments[2])
  run = tonumber(arguments[3])
  opens, closes = {}, {}
  for i = 1, count do
    opens[i] = read(folder .. "/" .. i .. ".before")
    closes[i] = read(folder .. "/" .. i .. ".after")
  end
  sent = 0
end

function read(path)
  local file = assert(io.open(path, "rb"))
  local all = file:read("*a")
  file:close()
  return all
end

function request()
  sent = sent + 1
  local at = (sent * 2 + number) % #opens + 1
  local time = (sent * 2000 + number * 1000) % 4294967296
  local guid = string.format("%08x-%04x-11ef-8%03x-%012x", time, run, number, sent)
  return opens[at] .. guid .. closes[at]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "p999": %.3f, "longest": %.3f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3, latency.max / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
