"""A prompt for filling in the middle, as clients write it for some family of models, back as what stands before and
after the cursor. Pure."""

from __future__ import annotations

from lsp_experts.completion.templates import TEMPLATES, FimTemplate


def around_cursor(prompt: str) -> tuple[str, str]:
    """What stands before and after the cursor; a prompt in no known format is all before it.

    Only a prompt that begins with a format's control text is one: code may speak of them. Which of two texts comes
    first is not what tells the formats apart, since clients mix that up; names and files of a repository that stand in
    front are left out. Where a mark stands in the code as well, there is no telling; the first suffix mark counts, and
    the last middle mark.
    """
    for template in TEMPLATES.values():
        if prompt.startswith(_openings(template)):
            found = _split(prompt, template)
            if found is not None:
                return found
    return prompt, ""


def _openings(template: FimTemplate) -> tuple[str, ...]:
    files = template.files.controls if template.files else ()
    return tuple(text for text in (template.opening, template.prefix, template.suffix, *files) if text)


def _split(prompt: str, template: FimTemplate) -> tuple[str, str] | None:
    """The two texts by the marks of `template`; None if one of them is missing or stands elsewhere."""
    end = len(prompt)
    if template.middle:
        end = prompt.rfind(template.middle)
        if end < 0:
            return None
    typed = prompt[end + len(template.middle) :]  # anchored prompts go on behind the middle mark
    prefix = prompt.find(template.prefix, 0, end)
    suffix = prompt.find(template.suffix, 0, end)
    if prefix < 0 or suffix < 0:
        return None
    before, after = prefix + len(template.prefix), suffix + len(template.suffix)
    if prefix < suffix:
        suffix = prompt.find(template.suffix, before, end)
        return (prompt[before:suffix] + typed, prompt[suffix + len(template.suffix) : end]) if suffix >= 0 else None
    prefix = prompt.find(template.prefix, after, end)
    if prefix < 0:
        return None
    return prompt[prefix + len(template.prefix) : end] + typed, prompt[after:prefix]
