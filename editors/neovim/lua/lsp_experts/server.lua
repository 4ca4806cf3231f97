-- Starts the server, in the way of the Neovim that runs: vim.lsp.config and enable, or vim.lsp.start in 0.10.

local clients = require('lsp_experts.clients')
local options = require('lsp_experts.options')

local M = {}

M.HOW_TO_INSTALL = 'see :help lsp-experts, then :LspExperts restart'

local group = vim.api.nvim_create_augroup('lsp_experts_server', {})

---@return boolean whether this Neovim has vim.lsp.config
local function has_config()
  return vim.lsp.config ~= nil and vim.lsp.enable ~= nil
end

--- What we add to lsp/lsp_experts.lua.
---@param on_status fun(client_id: integer, status: table)
---@return table
local function additions(on_status)
  local chosen = options.get()
  return {
    cmd = chosen.cmd,
    settings = next(chosen.settings) and { lspExperts = chosen.settings } or nil,
    capabilities = {
      experimental = { lspExpertsStatus = true },
      textDocument = options.ghost_text() ~= 'off' and { inlineCompletion = { dynamicRegistration = false } } or nil,
    },
    handlers = {
      ['lspExperts/status'] = function(_, status, context)
        on_status(context.client_id, status)
      end,
    },
  }
end

---@return table the whole configuration of a client
function M.config()
  if has_config() then
    return vim.lsp.config[clients.NAME]
  end
  local file = vim.api.nvim_get_runtime_file('lsp/lsp_experts.lua', false)[1]
  local defaults = { name = clients.NAME, capabilities = vim.lsp.protocol.make_client_capabilities() }
  return vim.tbl_deep_extend('force', defaults, dofile(file), M.added)
end

---@return string? program that is missing
function M.missing()
  local cmd = M.config().cmd
  local program = type(cmd) == 'table' and cmd[1]
  return program and vim.fn.executable(program) == 0 and program or nil
end

local function on_file(callback, once)
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    callback = function(event)
      if vim.bo[event.buf].buftype == '' then
        callback(event.buf)
        return once
      end
    end,
  })
end

---@param program string
---@return string that fits on a line of 80, behind which no key has to be pressed
function M.about_missing(program)
  return ('No `%s`: %s'):format(program, M.HOW_TO_INSTALL)
end

--- Say once that there is no server, when the first file is opened; after what Neovim says of the file.
local function tell_missing(program)
  on_file(function()
    vim.schedule(function()
      vim.notify(M.about_missing(program), vim.log.levels.WARN)
    end)
  end, true)
end

local function start_for(bufnr)
  local config = M.config()
  config.root_dir = vim.fs.root(bufnr, config.root_markers)
  vim.lsp.start(config, {
    bufnr = bufnr,
    reuse_client = function(client)
      return vim.list_contains(clients.all(), client) and client.config.root_dir == config.root_dir
    end,
  })
end

--- Tell Neovim of the server.
---@param on_status fun(client_id: integer, status: table)
function M.configure(on_status)
  M.added = additions(on_status)
  if has_config() then
    vim.lsp.config(clients.NAME, M.added)
  end
end

--- Have it started for the files that are open and those that are opened from now on.
function M.enable()
  vim.api.nvim_clear_autocmds({ group = group })
  local program = M.missing()
  if program then
    return tell_missing(program)
  elseif has_config() then
    return vim.lsp.enable(clients.NAME)
  end
  on_file(start_for)
  if vim.v.vim_did_enter == 1 then
    vim.cmd.doautoall('lsp_experts_server FileType')
  end
end

--- Start new servers in the place of those that run, without waiting until they have ended.
function M.restart()
  for _, client in ipairs(clients.all()) do
    clients.stop(client)
  end
  M.enable()
end

--- Change a setting of section lspExperts in the running servers and those to come.
---@param name string
---@param value any
function M.set(name, value)
  local settings = { lspExperts = { [name] = value } }
  options.get().settings[name] = value
  M.added.settings = { lspExperts = options.get().settings }
  if has_config() then
    vim.lsp.config(clients.NAME, { settings = settings })
  end
  for _, client in ipairs(clients.all()) do
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, settings)
    clients.notify(client, 'workspace/didChangeConfiguration', { settings = client.settings })
  end
end

return M
