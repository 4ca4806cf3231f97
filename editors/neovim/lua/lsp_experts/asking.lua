-- The question that is on its way to the server: one at a time, after a pause in typing; a newer one ends the older.

local clients = require('lsp_experts.clients')
local places = require('lsp_experts.place')

local M = { INVOKED = 1, AUTOMATIC = 2 }

local METHOD = 'textDocument/inlineCompletion'

local state = {
  timer = nil, ---@type uv.uv_timer_t? until the next question
  request = nil, ---@type { client: vim.lsp.Client, id: integer?, place: lsp_experts.Place }?
}

--- Ask nothing more, and hear no answer to what was asked.
function M.give_up()
  if state.timer and not state.timer:is_closing() then
    state.timer:stop()
    state.timer:close()
  end
  local request = state.request
  state.timer, state.request = nil, nil
  if request and request.id then
    clients.cancel(request.client, request.id)
  end
end

--- Give up a question for a place that the cursor has left.
function M.cursor_moved()
  if state.request and not places.is_here(state.request.place) then
    M.give_up()
  end
end

---@param client vim.lsp.Client
---@param place lsp_experts.Place of the cursor
---@param trigger_kind integer
---@param callback fun(items: table[]) is not called where the cursor is elsewhere by then
function M.ask(client, place, trigger_kind, callback)
  M.give_up()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = trigger_kind }
  local request = { client = client, place = place }
  state.request = request
  request.id = clients.request(client, METHOD, params, function(err, result)
    if state.request ~= request then
      return
    end
    state.request = nil
    if places.is_here(place) then
      callback(not err and result and (result.items or result) or {})
    end
  end, place.bufnr)
end

---@param pause_ms integer
---@param callback fun()
function M.after_pause(pause_ms, callback)
  M.give_up()
  state.timer = vim.defer_fn(callback, pause_ms)
end

return M
