"""The language of stretches from the middle of a file, with a cursor in them."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.server.http.language_signs import SIGNS
from lsp_experts.server.http.stretch_language import stretch_language

STRETCHES = {
    "go": "\tif err != nil {\n\t\treturn nil, err\n\t}\n\tnames := make([]string, 0)\n\tfor _, each := range ‸\n}\n",
    "rust": "    let mut names = vec![];\n    for each in &self.entries {\n        names.push(‸\n    }\n    Ok(1)\n",
    "python": "        return None\n\n    def total(self, items):\n        for item in items:\n            self.‸\n",
    "ruby": "  def total\n    items.each do |item|\n      @total += item.price unless item.free?\n    ‸\n  end\nend\n",
    "lua": "  local names = {}\n  for _, each in ipairs(list) do\n    if each ~= nil then\n      ‸\n    end\n  end\n",
    "shellscript": 'for file in "$@"; do\n  if [ -f "$file" ]; then\n    echo "$‸\n  fi\ndone\n',
    "php": "        $names = [];\n        foreach ($this->items as $item) {\n            $names[] = $item->‸\n",
    "c": "\tchar *name = malloc(sizeof(*list));\n\tif (list->next == NULL)\n\t\treturn ‸\n\tfree(list->name);\n",
    "cpp": "    std::vector<std::string> names;\n    for (const auto& each : list) {\n        names.‸\n    }\n",
    "java": "    public List<String> names() {\n        List<String> found = new ArrayList<>();\n        ‸\n    }\n"
    "    @Override\n    public String toString() {\n",
    "kotlin": "    override fun names(): List<String> {\n        val found = listOf<String>()\n        ‸\n    }\n\n"
    "    private val size: Int = 0\n",
    "typescript": "  private names: string[] = [];\n\n  find(name: string): number {\n    return ‸\n  }\n",
    "javascript": "  const names = list.map((each) => each.name);\n  if (names.length === 0) {\n    console.‸\n  }\n",
    "css": ".card {\n  margin: 0 auto;\n  padding: 12px;\n  ‸\n}\n\n.card > h2 {\n  color: #333;\n",
    "sql": "SELECT name, count(*)\nFROM items\nWHERE ‸\nGROUP BY name\nORDER BY name;\n",
    "html": '    <ul class="names">\n      <li>One</li>\n      ‸\n    </ul>\n    <p>Two</p>\n',
}


@pytest.mark.parametrize("language", SIGNS)
def test_each_language_is_recognised(language: str) -> None:
    text, cursor = split_cursor(STRETCHES[language])
    assert stretch_language(text[:cursor], text[cursor:], SIGNS.keys()) == language


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "Dear all,\n\nthe meeting is on Monday at ten. Please bring what you have.\n", "é😀" * 50]
)
def test_unsure_is_no_language(text: str) -> None:
    assert stretch_language(text, "", SIGNS.keys()) == ""


@pytest.mark.parametrize("language", SIGNS)
def test_a_language_without_an_expert_is_not_taken_for_another(language: str) -> None:
    text, cursor = split_cursor(STRETCHES[language])
    assert stretch_language(text[:cursor], text[cursor:], SIGNS.keys() - {language}) == ""
