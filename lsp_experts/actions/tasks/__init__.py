"""An instruction for several files: split into steps, each done by the expert of its file's language."""
