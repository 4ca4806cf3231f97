"""A language server that completes code with the expert model for the language under the cursor."""

__version__ = "0.1.0"
