# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the Lua programs of FATE's nginx image, which no registry has: a small router of our own with the same
files, headers and route table."""

from __future__ import annotations

TABLE = """\
-- The route table, read as plain blocks: party, service, list of hosts.
local read = {}
local path = ngx.config.prefix() .. "conf/route_table.yaml"
local party, service, host
for line in io.lines(path) do
  local found = line:match("^['\\"]?([%w]+)['\\"]?:%s*$")
  local inner = line:match("^  ([%w]+):%s*$")
  local first, value = line:match("^    %- (host): (%S+)$")
  local key, number = line:match("^      ([%w_]+): (%S+)$")
  if found then
    party = found
    read[party] = {}
  elseif inner then
    service = inner
    read[party][service] = {}
  elseif first then
    host = {host = value}
    table.insert(read[party][service], host)
  elseif key then
    host[key] = tonumber(number)
  elseif line:match("%S") then
    error("the route table has a line that is no plain block: " .. line)
  end
end
return read
"""
ROUTER = """\
-- Chooses by the party that a request is for: its service, or the proxy for all others.
local routes = require("routes")
local party = ngx.var.http_dest_party_id
local entry = party and routes[party]
local hosts = entry and entry[ngx.var.http_service] or not entry and routes.default and routes.default.proxy
if not hosts then
  ngx.log(ngx.ERR, "no route to ", party)
  return ngx.exit(ngx.HTTP_INTERNAL_SERVER_ERROR)
end
local chosen = hosts[1]
ngx.ctx.host = chosen.host
ngx.ctx.port = ngx.req.http_version() == 2 and chosen.grpc_port or chosen.http_port
"""
BALANCER = """\
local told, why = require("ngx.balancer").set_current_peer(ngx.ctx.host, ngx.ctx.port)
if not told then
  ngx.log(ngx.ERR, why)
  return ngx.exit(ngx.HTTP_INTERNAL_SERVER_ERROR)
end
"""
FILES = {
    "lua/routes.lua": TABLE,
    "lua/router.lua": ROUTER,
    "lua/balancer.lua": BALANCER,
    "lua/initialize.lua": 'require("routes")\n',
    "lua/check.lua": 'ngx.say("ok")\n',
    "conf/mime.types": "types { application/json json; }\n",
}
