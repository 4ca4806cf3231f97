-- The clients of our server, and the calls that Neovim 0.10 spells in another way.

local M = { NAME = 'lsp_experts' }

local is_object = vim.fn.has('nvim-0.11') == 1

local function call(client, method, ...)
  if is_object then
    return client[method](client, ...)
  end
  return client[method](...)
end

--- Those that were stopped are left out, though they may take a moment to end.
---@param bufnr? integer
---@return vim.lsp.Client[]
function M.all(bufnr)
  return vim.tbl_filter(function(client)
    return not call(client, 'is_stopped')
  end, vim.lsp.get_clients({ name = M.NAME, bufnr = bufnr }))
end

---@param bufnr? integer the current buffer if nil
---@return vim.lsp.Client?
function M.of(bufnr)
  return M.all(bufnr or vim.api.nvim_get_current_buf())[1]
end

---@return integer? request_id
function M.request(client, method, params, handler, bufnr)
  local _, request_id = call(client, 'request', method, params, handler, bufnr)
  return request_id
end

function M.cancel(client, request_id)
  call(client, 'cancel_request', request_id)
end

function M.notify(client, method, params)
  call(client, 'notify', method, params)
end

function M.stop(client)
  call(client, 'stop')
end

return M
