-- :LspExperts status | restart | toggle | log

local clients = require('lsp_experts.clients')
local options = require('lsp_experts.options')
local server = require('lsp_experts.server')
local status = require('lsp_experts.status')

local M = {}

local function tell(text, level)
  vim.notify('LSP Experts: ' .. text, level or vim.log.levels.INFO)
end

local function why_no_client()
  local program = server.missing()
  return program and server.about_missing(program) or 'No server runs for this buffer; see :checkhealth lsp_experts'
end

local actions = {}

function actions.status()
  local client = clients.of() or clients.all()[1]
  if not client then
    return vim.notify(why_no_client(), vim.log.levels.WARN)
  end
  clients.request(client, 'lspExperts/status', vim.empty_dict(), function(err, found)
    if err or not found then
      return tell('the server does not answer', vim.log.levels.ERROR)
    end
    vim.lsp.util.open_floating_preview(status.lines(found), '', { border = 'rounded', focus_id = 'lsp_experts' })
  end, 0)
end

function actions.restart()
  server.restart()
end

function actions.toggle()
  local enabled = options.get().settings.enabled == false
  server.set('enabled', enabled)
  tell(enabled and 'on' or 'off')
end

function actions.log()
  vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.log.get_filename()))
  vim.cmd.normal({ 'G', bang = true })
end

---@return string[]
function M.names()
  local names = vim.tbl_keys(actions)
  table.sort(names)
  return names
end

---@param name string
function M.run(name)
  local action = actions[name]
  if not action then
    return tell(('`%s` is none of %s'):format(name, table.concat(M.names(), ', ')), vim.log.levels.ERROR)
  end
  action()
end

function M.define()
  vim.api.nvim_create_user_command('LspExperts', function(event)
    M.run(event.args == '' and 'status' or event.args)
  end, {
    nargs = '?',
    bar = true,
    desc = 'LSP Experts: status, restart, toggle, log',
    complete = function(begin)
      return vim.tbl_filter(function(name)
        return vim.startswith(name, begin)
      end, M.names())
    end,
  })
end

return M
