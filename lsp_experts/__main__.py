"""`python -m lsp_experts` is the command `lsp-experts`."""

import sys

from lsp_experts.cli.main import main

sys.exit(main())
