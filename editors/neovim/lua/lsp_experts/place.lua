-- Where the cursor is, in which version of which buffer.

local M = {}

---@class lsp_experts.Place
---@field bufnr integer
---@field tick integer
---@field row integer from 0
---@field col integer bytes, from 0
---@field line string

---@return lsp_experts.Place
function M.here()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return {
    bufnr = vim.api.nvim_get_current_buf(),
    tick = vim.api.nvim_buf_get_changedtick(0),
    row = row - 1,
    col = col,
    line = vim.api.nvim_get_current_line(),
  }
end

---@param place lsp_experts.Place
---@return boolean whether nothing moved or changed since
function M.is_here(place)
  local now = M.here()
  return place.bufnr == now.bufnr and place.tick == now.tick and place.row == now.row and place.col == now.col
end

return M
