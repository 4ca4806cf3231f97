"""The language server: the only part that speaks LSP. It holds no model, no path of a model and no process of one."""
