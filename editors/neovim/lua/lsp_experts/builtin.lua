-- Ghost text by vim.lsp.inline_completion (0.12 and newer), with the functions of ghost_text.lua. It takes suggestions
-- as a whole only, and asks again by itself.

local M = {}

function M.enable(bufnr)
  vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
end

function M.disable(bufnr)
  vim.lsp.inline_completion.enable(false, { bufnr = bufnr })
end

function M.accept(part)
  return part == 'all' and vim.lsp.inline_completion.get()
end

function M.dismiss()
  return vim.lsp.inline_completion.get({ on_accept = function() end })
end

function M.step(count)
  vim.lsp.inline_completion.select({ count = count })
  return true
end

function M.status_changed() end

return M
