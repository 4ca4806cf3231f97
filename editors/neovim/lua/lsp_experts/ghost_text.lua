-- Our own ghost text, for Neovim without vim.lsp.inline_completion (and for those who like it better): it asks after a
-- pause in typing, gives up older questions, shows the answer at the cursor and takes it whole, by line or by word.

local asking = require('lsp_experts.asking')
local clients = require('lsp_experts.clients')
local drawing = require('lsp_experts.drawing')
local options = require('lsp_experts.options')
local places = require('lsp_experts.place')
local suggestions = require('lsp_experts.suggestion')

local M = {}

local group = vim.api.nvim_create_augroup('lsp_experts_ghost_text', {})

local state = {
  items = {}, ---@type lsp_experts.Suggestion[] the answer
  index = 1, -- of the one that is shown
  place = nil, ---@type lsp_experts.Place? where ghost text stands
  silent = nil, ---@type lsp_experts.Place? where the last answer was empty
}

local function may_show()
  return vim.api.nvim_get_mode().mode == 'i' and not options.get().menu_visible()
end

---@param suggestion? lsp_experts.Suggestion
---@param place lsp_experts.Place
---@return string?
local function rest_at(suggestion, place)
  if not suggestion or place.row < suggestion.row then
    return
  elseif place.row == suggestion.row and place.col < suggestion.col then
    return
  elseif suggestion.col > #vim.fn.getline(suggestion.row + 1) then
    return
  end
  local typed = vim.api.nvim_buf_get_text(0, suggestion.row, suggestion.col, place.row, place.col, {})
  return suggestions.rest(suggestion, table.concat(typed, '\n'), place.line:sub(place.col + 1))
end

local function hide()
  if state.place then
    drawing.clear(state.place.bufnr)
  end
  state.items, state.place = {}, nil
end

--- Draw what is still to come of the suggestion, or hide it.
local function show()
  local place, suggestion = places.here(), state.items[state.index]
  local rest = may_show() and rest_at(suggestion, place)
  if not suggestion or not rest then
    return hide()
  end
  state.place = place
  drawing.draw(place, rest, suggestion.replaced)
  local client = clients.of(place.bufnr)
  if client and not suggestion.told then
    suggestion.told = true
    clients.notify(client, 'textDocument/didShowCompletion', { item = suggestion.item })
  end
end

---@param place lsp_experts.Place where it was asked for
---@param encoding string
---@param items table[]
---@param choose? fun(items: lsp_experts.Suggestion[]): integer
local function answered(place, encoding, items, choose)
  hide()
  if #items == 0 then
    state.silent = place
    return
  end
  state.items = vim.tbl_map(function(item)
    return suggestions.read(item, place, encoding)
  end, items)
  state.index = choose and choose(state.items) or 1
  show()
end

---@param trigger_kind integer
---@param choose? fun(items: lsp_experts.Suggestion[]): integer which of them is shown; nil: the first
local function ask(trigger_kind, choose)
  state.silent = nil
  local client, place = clients.of(), places.here()
  if client and may_show() then
    asking.ask(client, place, trigger_kind, function(items)
      answered(place, client.offset_encoding, items, choose)
    end)
  end
end

local function ask_soon()
  state.silent = nil
  asking.after_pause(options.get().debounce_ms, function()
    ask(asking.AUTOMATIC)
  end)
end

local function text_changed()
  if state.place then
    show()
  end
  ask_soon()
end

local function cursor_moved()
  asking.cursor_moved()
  if state.place and not places.is_here(state.place) then
    show()
  end
end

local function leave()
  asking.give_up()
  state.silent = nil
  hide()
end

--- Replace `replaced` bytes right of the cursor by `text` and go behind it.
local function insert(place, text, replaced)
  local lines = vim.split(text, '\n', { plain = true })
  vim.api.nvim_buf_set_text(0, place.row, place.col, place.row, place.col + replaced, lines)
  local last = lines[#lines]
  vim.api.nvim_win_set_cursor(0, { place.row + #lines, #lines == 1 and place.col + #last or #last })
end

---@param bufnr integer
function M.enable(bufnr)
  M.disable(bufnr)
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, buffer = bufnr, callback = callback })
  end
  on({ 'InsertEnter', 'CompleteDone' }, ask_soon)
  on('TextChangedI', text_changed)
  on('CursorMovedI', cursor_moved)
  on({ 'CompleteChanged', 'TextChangedP', 'InsertLeave', 'BufLeave', 'WinLeave' }, leave)
  if bufnr == vim.api.nvim_get_current_buf() and may_show() then -- typed while the server started
    ask_soon()
  end
end

---@param bufnr integer
function M.disable(bufnr)
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  if state.place and state.place.bufnr == bufnr then
    leave()
  end
end

---@return boolean
function M.visible()
  return state.place ~= nil and rest_at(state.items[state.index], places.here()) ~= nil
end

--- Take a part of what is shown. For accept(): in insert mode undo goes by keys.
---@param part 'all'|'line'|'word'
function M.take(part)
  local place, suggestion = places.here(), state.items[state.index]
  local rest = state.place and rest_at(suggestion, place)
  if not suggestion or not rest then
    return
  end
  local client, taken = clients.of(place.bufnr), suggestions.parts[part](rest)
  local whole = taken == rest
  insert(place, taken, whole and suggestion.replaced or 0)
  if whole then
    leave()
    if client and suggestion.item.command then
      local command = { command = suggestion.item.command.command, arguments = suggestion.item.command.arguments }
      clients.request(client, 'workspace/executeCommand', command, function() end, place.bufnr)
    end
    return
  end
  show()
  if client then
    local length = suggestions.utf16_length(suggestion, #suggestion.text - #rest + #taken)
    local params = { item = suggestion.item, acceptedLength = length }
    clients.notify(client, 'textDocument/didPartiallyAcceptCompletion', params)
  end
end

--- Take a part of what is shown, so that undo takes back that part and no more.
---@param part 'all'|'line'|'word'
---@return boolean whether there is something to take
function M.accept(part)
  if not M.visible() then
    return false
  end
  local keys = ('<C-g>u<Cmd>lua require("lsp_experts.ghost_text").take("%s")<CR><C-g>u'):format(part)
  vim.api.nvim_feedkeys(vim.keycode(keys), 'ni', false)
  return true
end

---@return boolean whether there was something to dismiss
function M.dismiss()
  local was_visible = M.visible()
  leave()
  return was_visible
end

--- Show another suggestion; where there is one only, or none, ask as one who wants an answer.
---@param count 1|-1
---@return true
function M.step(count)
  local shown = state.items[state.index]
  if #state.items > 1 then
    state.index = (state.index - 1 + count) % #state.items + 1
    show()
  else
    ask(asking.INVOKED, function(items)
      return shown and items[1].text == shown.text and count % #items + 1 or 1
    end)
  end
  return true
end

--- The status changed: ask again where an expert was loading that is there now.
---@param status table
function M.status_changed(status)
  if status.enabled == false then
    return leave()
  end
  local last, first = status.lastSilence, vim.tbl_get(status, 'focused', 'experts', 1)
  if not state.silent or type(last) ~= 'table' or last.reason ~= 'loading' or not first then
    return
  end
  for _, expert in ipairs(status.experts or {}) do
    if expert.id == first.id and expert.state == 'HOT' then
      local place = state.silent
      state.silent = nil
      if places.is_here(place) then
        ask(asking.AUTOMATIC)
      end
    end
  end
end

return M
