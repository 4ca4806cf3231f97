---@brief
---
--- Completes code with the small expert model for the language under the cursor, all on your machine: ghost text
--- (`textDocument/inlineCompletion`), completion items, code actions. It runs beside the language's own server.
---
--- Install the server with `pipx install .` in a checkout of LSP Experts, and get an expert with
--- `lsp-experts pull qwen2.5-coder-0.5b`, then `lsp-experts carve --language go`.
--- It has no `filetypes`: general models answer where no expert does. Settings: section `lspExperts`.

---@type vim.lsp.Config
return {
  cmd = { 'lsp-experts', 'serve' },
  root_markers = { '.git' },
}
