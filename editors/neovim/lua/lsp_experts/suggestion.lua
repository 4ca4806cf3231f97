-- One suggestion of the server: what of it is still to come at a place, and its parts. Pure.

---@class lsp_experts.Suggestion
---@field item table as the server sent it
---@field text string with \n between lines
---@field row integer where the text begins, from 0
---@field col integer in bytes, from 0
---@field tail string what stood right of the cursor
---@field replaced integer bytes of the tail that the text takes the place of
---@field told? boolean the server knows that it is shown

local M = {}

---@param line string
---@param units integer in the client's position encoding
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return integer bytes, at most those of the line
function M.bytes(line, units, encoding)
  if encoding == 'utf-8' then
    return math.min(units, #line)
  end
  local found = vim.fn.byteidxcomp(line, units, encoding == 'utf-16')
  return found < 0 and #line or found
end

---@param item table an InlineCompletionItem
---@param place { row: integer, col: integer, line: string } where it was asked for
---@param encoding string
---@return lsp_experts.Suggestion
function M.read(item, place, encoding)
  local col, stop = place.col, place.col
  if item.range then
    col = M.bytes(place.line, item.range.start.character, encoding)
    stop = M.bytes(place.line, item.range['end'].character, encoding)
  end
  return {
    item = item,
    text = (item.insertText:gsub('\r\n?', '\n')),
    row = place.row,
    col = col,
    tail = place.line:sub(place.col + 1),
    replaced = math.max(stop - place.col, 0),
  }
end

---@param suggestion lsp_experts.Suggestion
---@param typed string? what stands between its begin and the cursor
---@param tail string what stands right of the cursor
---@return string? rest that is still to come; nil: it does not fit any more
function M.rest(suggestion, typed, tail)
  local text = suggestion.text
  if typed and tail == suggestion.tail and #typed < #text and vim.startswith(text, typed) then
    return text:sub(#typed + 1)
  end
end

---@type table<string, fun(rest: string): string> how much of the rest one key takes
M.parts = {
  all = function(rest)
    return rest
  end,
  line = function(rest)
    return rest:match('^\n?[^\n]*')
  end,
  word = function(rest)
    local word = vim.fn.matchstr(rest, [[^\_s*\%(\k\+\|\%(\k\@!\S\)\+\)]])
    return word ~= '' and word or rest
  end,
}

---@param suggestion lsp_experts.Suggestion
---@param bytes integer of its text
---@return integer units in UTF-16 of what the server sent, which may have other line ends
function M.utf16_length(suggestion, bytes)
  local line_end = suggestion.item.insertText:match('\r\n?') or '\n'
  return vim.fn.strutf16len((suggestion.text:sub(1, bytes):gsub('\n', line_end)))
end

return M
