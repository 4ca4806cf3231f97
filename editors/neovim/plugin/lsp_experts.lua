-- What Neovim loads at start: the plugin works without a call of setup{}.

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify_once('LSP Experts needs Neovim 0.10 or newer', vim.log.levels.WARN)
elseif not vim.g.loaded_lsp_experts then
  require('lsp_experts').setup(vim.g.lsp_experts)
end
