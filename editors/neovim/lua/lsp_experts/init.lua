-- The plugin: what users call, and what happens where the server is attached to a buffer.

local clients = require('lsp_experts.clients')
local commands = require('lsp_experts.commands')
local keys = require('lsp_experts.keys')
local options = require('lsp_experts.options')
local server = require('lsp_experts.server')
local status = require('lsp_experts.status')

local M = {}

local group = vim.api.nvim_create_augroup('lsp_experts', {})

---@return table what draws ghost text: ghost_text.lua or builtin.lua
local function ghost()
  return require(options.ghost_text() == 'builtin' and 'lsp_experts.builtin' or 'lsp_experts.ghost_text')
end

-- What keys do. Each says whether there was something to do it with.

function M.accept()
  return ghost().accept('all')
end

function M.accept_word()
  return ghost().accept('word')
end

function M.accept_line()
  return ghost().accept('line')
end

function M.dismiss()
  return ghost().dismiss()
end

function M.next()
  return ghost().step(1)
end

function M.previous()
  return ghost().step(-1)
end

--- The expert for the language you work in and whether it is there, for a status line. Empty where no server is.
---@return string
function M.statusline()
  local client = clients.of()
  return client and status.summary(status.of(client.id)) or ''
end

-- What the server and the editor tell.

local function status_changed(client_id, found)
  local before = status.of(client_id)
  status.keep(client_id, found)
  if not before or status.summary(before) ~= status.summary(found) then
    vim.api.nvim_exec_autocmds('User', { pattern = 'LspExpertsStatus', modeline = false })
    vim.cmd.redrawstatus({ bang = true })
  end
  ghost().status_changed(found)
end

--- The user looks at this buffer: its expert is loaded before the first keystroke.
local function focus(bufnr)
  local client = vim.bo[bufnr].buftype == '' and clients.of(bufnr)
  if client then
    local document = vim.lsp.util.make_text_document_params(bufnr)
    clients.notify(client, 'textDocument/didFocus', { textDocument = document })
  end
end

local function attached(client, bufnr)
  if options.ghost_text() ~= 'off' then
    if not options.get().completion_items then
      client.server_capabilities.completionProvider = nil -- else menus repeat what ghost text says
    end
    ghost().enable(bufnr)
    vim.api.nvim_buf_call(bufnr, function()
      keys.set(bufnr, M)
    end)
  end
  if bufnr == vim.api.nvim_get_current_buf() then
    focus(bufnr)
  end
end

local function on(events, callback)
  vim.api.nvim_create_autocmd(events, {
    group = group,
    callback = function(event)
      local client = event.data and vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == clients.NAME then
        callback(client, event.buf)
      end
    end,
  })
end

--- Begin, or begin again with other options.
---@param chosen? table see :help lsp-experts-options
function M.setup(chosen)
  vim.g.loaded_lsp_experts = true
  options.set(chosen)
  commands.define()
  vim.api.nvim_set_hl(0, 'LspExpertsGhostText', { link = 'NonText', default = true })
  vim.api.nvim_clear_autocmds({ group = group })
  on('LspAttach', attached)
  on('LspDetach', function(client, bufnr)
    status.keep(client.id, nil)
    if options.ghost_text() ~= 'off' and not clients.of(bufnr) then
      ghost().disable(bufnr)
    end
  end)
  vim.api.nvim_create_autocmd({ 'BufEnter', 'FocusGained' }, {
    group = group,
    callback = function()
      focus(vim.api.nvim_get_current_buf())
    end,
  })
  server.configure(status_changed)
  if options.get().autostart then
    server.enable()
  end
end

return M
