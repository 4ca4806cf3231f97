-- :checkhealth lsp_experts

local clients = require('lsp_experts.clients')
local keys = require('lsp_experts.keys')
local options = require('lsp_experts.options')
local server = require('lsp_experts.server')
local status = require('lsp_experts.status')

local M = {}

local VERSION_TIMEOUT_MS = 10000

local function check_neovim()
  if vim.fn.has('nvim-0.10') == 0 then
    return vim.health.error('Neovim 0.10 or newer is needed')
  end
  local drawn_by = {
    builtin = 'ghost text by vim.lsp.inline_completion',
    own = 'ghost text by this plugin',
    off = 'no ghost text: option `ghost_text` is "off"',
  }
  vim.health.ok(('Neovim %s, %s'):format(tostring(vim.version()), drawn_by[options.ghost_text()] or 'no ghost text'))
end

local function check_server()
  local program = server.missing()
  if program then
    return vim.health.error(('`%s` is not executable'):format(program), { 'Install it: ' .. server.HOW_TO_INSTALL })
  end
  local cmd = server.config().cmd
  if type(cmd) ~= 'table' then
    return vim.health.ok('the server is reached by a function')
  elseif vim.fn.fnamemodify(cmd[1], ':t:r') ~= 'lsp-experts' then
    return vim.health.info('the server is started by `' .. table.concat(cmd, ' ') .. '`')
  end
  local said = vim.system({ cmd[1], '--version' }, { text = true, timeout = VERSION_TIMEOUT_MS }):wait()
  if said.code ~= 0 then
    local advice = { 'Run it in a terminal: `lsp-experts doctor`' }
    return vim.health.error(('`%s --version` fails: %s'):format(cmd[1], vim.trim(said.stderr or '')), advice)
  end
  vim.health.ok(vim.trim(said.stdout) .. ' at ' .. vim.fn.exepath(cmd[1]))
end

local function check_clients()
  local running = clients.all()
  if #running == 0 then
    return vim.health.info('no server runs; one starts with the first file')
  end
  for _, client in ipairs(running) do
    local found = status.of(client.id)
    if not found then
      vim.health.warn(('client %d has not told its status'):format(client.id), { ':LspExperts log' })
    else
      local lines = status.lines(found)
      local tell = #(found.experts or {}) > 0 and vim.health.ok or vim.health.warn
      tell(('client %d: %s'):format(client.id, table.concat(lines, '\n')))
      if #(found.experts or {}) == 0 then
        vim.health.info('Which experts there are: `lsp-experts experts`; to get one: `lsp-experts pull ID`')
      end
    end
  end
end

local function check_encodings()
  for _, client in ipairs(clients.all()) do
    for bufnr in pairs(client.attached_buffers) do
      for _, other in ipairs(vim.lsp.get_clients({ bufnr = bufnr })) do
        if other.offset_encoding ~= client.offset_encoding then
          local both = ('%s speaks %s here, %s %s'):format(
            other.name,
            other.offset_encoding,
            client.name,
            client.offset_encoding
          )
          return vim.health.warn(both, { 'See :help lsp-experts-encodings' })
        end
      end
    end
  end
end

local function check_keys()
  local any = false
  for action, what in vim.spairs(keys.taken()) do
    any = true
    local advice = { 'See :help lsp-experts-keys' }
    vim.health.warn(('%s (%s) is taken: %s'):format(options.get().keys[action], action, what), advice)
  end
  if not any then
    vim.health.ok('all keys are free')
  end
end

function M.check()
  vim.health.start('LSP Experts')
  check_neovim()
  check_server()
  check_clients()
  check_encodings()
  if options.ghost_text() ~= 'off' then
    check_keys()
  end
end

return M
