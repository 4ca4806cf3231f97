-- What the user may set, and its defaults. They come from vim.g.lsp_experts or from setup{}.

local M = {}

local DEFAULTS = {
  autostart = true, -- run vim.lsp.enable('lsp_experts')
  cmd = nil, -- of the server; nil: what lsp/lsp_experts.lua says
  settings = {}, -- section lspExperts
  ghost_text = 'auto', -- 'auto' | 'builtin' | 'own' | 'off'; auto: vim.lsp.inline_completion where it exists
  completion_items = false, -- beside ghost text, also items in completion menus
  debounce_ms = 40,
  menu_visible = function()
    return vim.fn.pumvisible() == 1
  end,
  keys = { -- false: none. A default key that is taken is left alone, one that you name is set.
    accept = '<Tab>',
    accept_word = '<M-Right>',
    accept_line = '<M-C-Right>',
    dismiss = '<C-]>',
    next = '<M-]>',
    previous = '<M-[>',
  },
}

local state = { chosen = {}, options = vim.deepcopy(DEFAULTS) }

---@param known table
---@param chosen table
---@param prefix string
---@return string[] names that mean nothing
local function unknown(known, chosen, prefix)
  local found = {}
  for name, value in pairs(chosen) do
    if known[name] == nil and name ~= 'cmd' then
      found[#found + 1] = prefix .. name
    elseif name == 'keys' and type(value) == 'table' then
      vim.list_extend(found, unknown(known.keys, value, 'keys.'))
    end
  end
  table.sort(found)
  return found
end

--- Take what the user chose, over the defaults.
---@param chosen? table
function M.set(chosen)
  state.chosen = chosen or {}
  local strange = unknown(DEFAULTS, state.chosen, '')
  if #strange > 0 then
    vim.notify('LSP Experts: unknown options: ' .. table.concat(strange, ', '), vim.log.levels.WARN)
  end
  state.options = vim.tbl_deep_extend('force', vim.deepcopy(DEFAULTS), state.chosen)
end

---@return table options of now
function M.get()
  return state.options
end

---@param action string
---@return boolean whether the user named the key of this action
function M.names_key(action)
  return vim.tbl_get(state.chosen, 'keys', action) ~= nil
end

---@return 'builtin'|'own'|'off' who draws ghost text
function M.ghost_text()
  local wanted = state.options.ghost_text
  if wanted == 'auto' or wanted == 'builtin' then
    return vim.lsp.inline_completion and 'builtin' or 'own'
  end
  return wanted
end

return M
