"""Stretches that a client sends, and the documents they are taken for."""

from __future__ import annotations

from lsp_experts.server.http.documents import StretchDocuments

LINES = [f"line number {number} of a file\n" for number in range(200)]


class Sent:
    """What a client whose window is `window` lines round its cursor sends, from one text after the other."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.guesses: list[str] = []
        self.documents = StretchDocuments(self._guess, self.forgotten.append)

    def _guess(self, before: str, after: str) -> str:
        self.guesses.append(before + after)
        return "go" if "func" in before + after else ""

    def __call__(self, before: str, after: str, asked: str = "") -> tuple[str, str, int, str]:
        view, offset = self.documents.view_of(before, after, asked)
        assert view.text[:offset].endswith(before) and view.text[offset:] == after
        return view.uri, view.language, offset, view.text


def window(lines: list[str], at: int, typed: str = "", size: int = 20) -> tuple[str, str]:
    return "".join(lines[max(0, at - size) : at]) + typed, "".join(lines[at : at + size])


def test_a_window_that_moves_keeps_its_document_and_its_offsets() -> None:
    sent = Sent()
    uri, _, offset, text = sent(*window(LINES, 50, "a"))
    for at in range(50, 90):
        found, _, moved, seen = sent(*window(LINES, at, "b"))
        assert found == uri
        assert seen.startswith(text[:400])  # what stood above stays, where it was
        assert moved == offset + len("".join(LINES[50:at]))
    back, _, moved, _ = sent(*window(LINES, 60, "c"))
    assert (back, moved) == (uri, offset + len("".join(LINES[50:60])))


def test_a_window_that_grows_upwards_is_still_a_document() -> None:
    sent = Sent()
    sent(*window(LINES, 50))
    sent(*window(LINES, 20))  # nothing of it was seen before
    _, _, _, text = sent(*window(LINES, 25))
    assert text.startswith(LINES[0])


def test_typing_keeps_the_version_moving_and_the_document() -> None:
    sent = Sent()
    first, _ = sent.documents.view_of("func main() {\n\tfmt", "\n}\n", "")
    again, _ = sent.documents.view_of("func main() {\n\tfmt", "\n}\n", "")
    typed, offset = sent.documents.view_of("func main() {\n\tfmt.Pri", "\n}\n", "")
    assert (again.uri, again.version) == (first.uri, first.version)
    assert (typed.uri, typed.version, offset) == (first.uri, first.version + 1, len("func main() {\n\tfmt.Pri"))


def test_other_texts_are_other_documents_and_the_oldest_goes() -> None:
    sent = Sent()
    uris = [sent(f"document {number}\n" * 20, "")[0] for number in range(9)]
    assert len(set(uris)) == 9
    assert sent.forgotten == uris[:1]
    assert sent("document 8\n" * 20, "")[0] == uris[8]


def test_one_language_asked_for_is_another_document() -> None:
    sent = Sent()
    go, html = sent("<p>", "</p>" * 20, "go"), sent("<p>", "</p>" * 20, "html")
    assert (go[1], html[1]) == ("go", "html")
    assert go[0] != html[0]


def test_a_language_is_guessed_until_it_is_known() -> None:
    sent = Sent()
    below = "\n" + "y\n" * 40
    uri, language, _, _ = sent("x", below)
    assert language == ""
    assert sent("x func", below)[:2] == (uri, "go")
    assert sent("x func m", below)[:2] == (uri, "go")
    assert len(sent.guesses) == 2


def test_what_stands_above_does_not_grow_without_end() -> None:
    sent = Sent()
    lines = [f"{number:06d} a line of a long file\n" for number in range(3000)]
    longest = 0
    uris = set()
    for at in range(20, 3000, 15):
        uri, _, _, text = sent(*window(lines, at))
        uris.add(uri)
        longest = max(longest, len(text))
    assert len(uris) == 1
    assert longest < 25_000


def test_many_equal_lines_are_no_work() -> None:
    sent = Sent()
    sent("\n" * 100_000, "")
    sent("x\n" * 100_000, "")
    assert sent("x\n" * 99_999 + "y", "")[2] == 199_999


def test_the_end_of_a_file_is_not_its_beginning() -> None:
    sent = Sent()
    uri, _, offset, text = sent("".join(LINES[:30]), "".join(LINES[30:50]))
    assert sent("".join(LINES[20:40]), "".join(LINES[40:50])) == (uri, "", offset + len("".join(LINES[30:40])), text)
