-- What the server says of itself: the newest status of each client, and it in words.

local M = {}

local MOVING = { LOADING = true, UNPARKING = true }

local state = { by_client = {} }

---@param client_id integer
---@param status? table nil: the client is gone
function M.keep(client_id, status)
  state.by_client[client_id] = status
end

---@param client_id? integer
---@return table?
function M.of(client_id)
  return state.by_client[client_id]
end

local function megabytes(bytes)
  return ('%d MB'):format(math.floor((bytes or 0) / 1e6 + 0.5))
end

---@param status table
---@return table? the expert that is asked first where the user works
local function first_expert(status)
  local first = vim.tbl_get(status, 'focused', 'experts', 1)
  for _, expert in ipairs(first and status.experts or {}) do
    if expert.id == first.id then
      return expert
    end
  end
  return first
end

--- Some words for a status line. Pure.
---@param status? table
---@return string
function M.summary(status)
  if not status then
    return 'experts: starting'
  elseif status.enabled == false then
    return 'experts: off'
  end
  local focused = type(status.focused) == 'table' and status.focused or nil
  if not focused then
    return 'experts'
  elseif (focused.excluded or '') ~= '' then
    return 'experts: ' .. focused.excluded
  end
  local expert = first_expert(status)
  if not expert and (vim.tbl_get(status, 'remote', 'says') or '') ~= '' then
    return status.remote.id
  elseif not expert then
    return 'no expert for ' .. focused.language
  elseif expert.state == 'HOT' then
    return expert.id
  elseif MOVING[expert.state] then
    return expert.id .. ' loading'
  end
  return expert.id .. ' not loaded'
end

--- All that helps to see why nothing shows, as lines of text. Pure.
---@param status table
---@return string[]
function M.lines(status)
  local lines = {
    ('LSP Experts %s: %s'):format(status.version or '', M.summary(status)),
    ('Memory: %s of %s'):format(megabytes(status.residentBytes), megabytes(status.budgetBytes)),
  }
  for _, expert in ipairs(status.experts or {}) do
    local why = (expert.reason or '') ~= '' and ': ' .. expert.reason or ''
    lines[#lines + 1] = ('- %s %s, %s%s'):format(expert.id, expert.state, megabytes(expert.residentBytes), why)
  end
  local serves = vim.tbl_get(status, 'focused', 'experts', 1)
  for _, skipped in ipairs(not serves and vim.tbl_get(status, 'focused', 'skipped') or {}) do
    lines[#lines + 1] = ('- %s skipped: %s'):format(skipped.id, skipped.reason)
  end
  local remote = type(status.remote) == 'table' and status.remote
  if remote and (remote.says or '') ~= '' then
    local why = (remote.reason or '') ~= '' and ': ' .. remote.reason or ''
    lines[#lines + 1] = ('- %s (%s%s): %s'):format(remote.id, remote.state, why, remote.says)
  end
  local silence = type(status.lastSilence) == 'table' and status.lastSilence
  if silence then
    local detail = (silence.detail or '') ~= '' and (' (%s)'):format(silence.detail) or ''
    lines[#lines + 1] = ('Last silence: %s%s'):format(silence.reason, detail)
  end
  for _, problem in ipairs(status.problems or {}) do
    lines[#lines + 1] = 'Problem: ' .. problem
  end
  return lines
end

return M
