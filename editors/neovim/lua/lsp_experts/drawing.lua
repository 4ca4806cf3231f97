-- Ghost text on the screen: one extmark at the cursor.

local M = {}

local namespace = vim.api.nvim_create_namespace('lsp_experts')
local GHOST, TEXT = 'LspExpertsGhostText', 'Normal'

--- Virtual text shows a tab as ^I, so tabs become blanks as wide as they would be.
---@param text string
---@param column integer screen column at which it begins
---@param tabstop integer
---@return string
local function untabbed(text, column, tabstop)
  local pieces = vim.split(text, '\t', { plain = true })
  for index = 1, #pieces - 1 do
    column = column + vim.fn.strdisplaywidth(pieces[index], column)
    local width = tabstop - column % tabstop
    pieces[index], column = pieces[index] .. (' '):rep(width), column + width
  end
  return table.concat(pieces)
end

--- What an extmark at the cursor has to show so that the screen looks as after accepting.
---@param rest string
---@param tail string what stands right of the cursor
---@param replaced integer bytes of it that the rest takes the place of
---@param column integer screen column of the cursor
---@param tabstop integer
---@return table options of the extmark
function M.layout(rest, tail, replaced, column, tabstop)
  local lines = vim.split(rest, '\n', { plain = true })
  local gone, kept = tail:sub(1, replaced), tail:sub(replaced + 1)
  if tail == '' or (#lines == 1 and vim.endswith(rest, gone)) then -- what is right of the cursor moves on
    local first = lines[1]:sub(1, #lines[1] - #gone)
    local below = vim.tbl_map(function(line)
      return { { untabbed(line, 0, tabstop), GHOST } }
    end, vim.list_slice(lines, 2))
    return { virt_text = { { untabbed(first, column, tabstop), GHOST } }, virt_text_pos = 'inline', virt_lines = below }
  end
  local drawn = {}
  for index, line in ipairs(lines) do
    drawn[index] = { { untabbed(line, index == 1 and column or 0, tabstop), GHOST } }
  end
  table.insert(drawn[#drawn], { kept, TEXT })
  local width = 0
  for _, chunk in ipairs(drawn[1]) do
    width = width + vim.fn.strdisplaywidth(chunk[1], column + width)
  end
  table.insert(drawn[1], { (' '):rep(vim.fn.strdisplaywidth(tail, column) - width), TEXT }) -- over what is gone
  return { virt_text = drawn[1], virt_text_pos = 'overlay', virt_lines = vim.list_slice(drawn, 2) }
end

---@param bufnr integer
function M.clear(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

--- Draw at the cursor of the current window.
---@param place { bufnr: integer, row: integer, col: integer, line: string }
---@param rest string
---@param replaced integer
function M.draw(place, rest, replaced)
  M.clear(place.bufnr)
  local column = vim.fn.strdisplaywidth(place.line:sub(1, place.col))
  local layout = M.layout(rest, place.line:sub(place.col + 1), replaced, column, vim.bo[place.bufnr].tabstop)
  layout.hl_mode = 'combine'
  vim.api.nvim_buf_set_extmark(place.bufnr, namespace, place.row, place.col, layout)
end

return M
