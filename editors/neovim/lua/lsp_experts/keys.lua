-- The keys in insert mode, for buffers that the server serves. Each does what it did before where no ghost text stands.

local options = require('lsp_experts.options')

local M = {}

M.ACTIONS = { 'accept', 'accept_word', 'accept_line', 'dismiss', 'next', 'previous' }

local OURS, NEOVIMS = 'LSP Experts: ', 'vim.snippet.jump'

---@param key string|false
---@return 'free'|'ours'|'taken'|'none' state, table? mapping that is there
local function owner(key)
  if not key then
    return 'none'
  end
  local mapping = vim.fn.maparg(key, 'i', false, true)
  local description = mapping.desc or ''
  if vim.startswith(description, OURS) then
    return 'ours', mapping
  elseif not next(mapping) or vim.startswith(description, NEOVIMS) then -- that one jumps in snippets only
    return 'free', mapping
  end
  return 'taken', mapping
end

--- Set the keys in this buffer, which is the current one. No <expr>: while keys wait, Vim evaluates those before it
--- inserts what was typed first.
---@param bufnr integer
---@param actions table<string, fun(): boolean> whether there was something to do
function M.set(bufnr, actions)
  for _, action in ipairs(M.ACTIONS) do
    local key = options.get().keys[action]
    local state, before = owner(key)
    if state == 'free' or (state == 'taken' and options.names_key(action)) then
      vim.keymap.set('i', key, function()
        if not actions[action]() then
          local typed = state == 'free' and before.callback and before.callback() or key
          vim.api.nvim_feedkeys(vim.keycode(typed), 'ni', false)
        end
      end, { buffer = bufnr, desc = OURS .. action })
    end
  end
end

---@return table<string, string> what else the keys of actions are mapped to, by action
function M.taken()
  local found = {}
  for _, action in ipairs(M.ACTIONS) do
    local key = options.get().keys[action]
    local state, mapping = owner(key)
    if state == 'taken' and not options.names_key(action) then
      found[action] = mapping.desc or mapping.rhs or 'a function'
    end
  end
  return found
end

return M
