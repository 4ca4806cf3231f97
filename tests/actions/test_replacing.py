"""New code where other code stood, and where its imports go."""

from __future__ import annotations

import pytest
from actions.places import place, with_changes

from lsp_experts.actions.replacing import replacing

BODY = "def f(a):\n    return Counter(a)"


@pytest.mark.parametrize(
    ("marked", "new_text", "expected"),
    [
        ("import os\n\n\n‸def f(a):\n    pass‸\n", BODY, f"import os\n\n\n{BODY}\n"),
        (
            "import os\n\n\n‸def f(a):\n    pass‸\n",
            f"from collections import Counter\n\n\n{BODY}",
            f"import os\nfrom collections import Counter\n\n\n{BODY}\n",
        ),
        ("import os\n\n\n‸def f(a):\n    pass‸\n", f"import os\n\n{BODY}", f"import os\n\n\n{BODY}\n"),
        (
            "import os\r\n\r\n‸def f(a):\r\n    pass‸\r\n",
            "import re\r\n\r\ndef f(a):\r\n    return re",
            "import os\r\nimport re\r\n\r\ndef f(a):\r\n    return re\r\n",
        ),
        ("‸import os\nx = os‸\n", "import sys\nx = sys", "import sys\nx = sys\n"),
        ("‸def f(a):\n    pass‸\n", f"import os\n\n{BODY}", f"import os\n\n{BODY}\n"),
    ],
)
def test_imports_go_to_the_others(marked: str, new_text: str, expected: str) -> None:
    at = place("python", marked, version=7)
    changes = replacing(at, at.start, at.end, new_text)
    assert with_changes(at.text, changes) == expected
    assert {change.version for change in changes} == {7}
