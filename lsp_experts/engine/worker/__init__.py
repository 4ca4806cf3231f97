"""The engine process. Imported by nobody: it is started as `python -m lsp_experts.engine.worker`."""
