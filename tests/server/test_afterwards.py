"""What became of suggestions: told by the client, or inferred from its edits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cursor import split_cursor
from server.virtual_time import VirtualTime

from lsp_experts.completion.answer import Suggestion
from lsp_experts.server.afterwards import MOST_OFFERS, Afterwards
from lsp_experts.server.documents import Document
from lsp_experts.server.offer import Kind
from lsp_experts.server.ports import Silence
from lsp_experts.server.questions import Place
from lsp_experts.server.statistics_file import Record

URI = "file:///secret/a.go"
SEEN_S, SHOWN_S, GRACE_S = 0.06, 0.3, 11.0


class Stand:
    """A client with one document. `typed` and `offer` give back what they make."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.records: list[tuple[str, Record]] = []
        self.seen: list[str] = []
        self.counting = True
        self.afterwards = Afterwards(
            lambda day, record: self.records.append((day, record)),
            lambda uri, suggestion: self.seen.append(suggestion.text),
            lambda: None,
            lambda: self.counting,
            later=self.time.call_later,
            clock=self.time.clock,
            today=lambda: "2026-01-31",
        )
        self.text, self.cursor = "", 0

    def at(self, marked: str) -> Stand:
        """The document is this one now, with the cursor at its mark."""
        self.text, self.cursor = split_cursor(marked)
        self.afterwards.edited(URI, self.text)
        return self

    def offer(self, *texts: str, kind: Kind = "inline", wait_s: float = SHOWN_S, uri: str = URI) -> list[str]:
        """Suggestions at the cursor; their ids. Then `wait_s` seconds pass."""
        best, *others = (Suggestion(text, 0, "go-carved", "expert", joint_probability=0.5) for text in texts)
        place = Place(Document.of(uri, "go", 1, self.text), self.cursor, self.cursor, asked_s=self.time.now_s - 0.2)
        ids = self.afterwards.offer(replace(best, others=tuple(others)), place, kind)
        self.time.go_on(wait_s)
        return list(ids)

    def end(self) -> list[Record]:
        self.afterwards.close()
        assert self.time.waiting == 0
        return [record for _, record in self.records]

    def only(self) -> Record:
        (record,) = self.end()
        return record


def check(
    record: Record, outcome: str, accepted_chars: int, kept: tuple[bool | None, bool | None] = (None, None)
) -> None:
    assert (record.outcome, record.accepted_chars) == (outcome, accepted_chars)
    assert (record.kept_30, record.kept_300) == kept


@pytest.fixture
def stand() -> Stand:
    return Stand()


# Clients that tell nothing


@pytest.mark.parametrize(
    ("after", "outcome", "accepted_chars"),
    [
        ("x = go(1)‸\n", "whole", 5),
        ("x = other‸\n", "none", 0),
        ("x = g‸\n", "none", 0),
        ("‸", "none", 0),
    ],
)
def test_what_the_next_edit_says(stand: Stand, after: str, outcome: str, accepted_chars: int) -> None:
    stand.at("x = ‸\n").offer("go(1)")
    stand.at(after)
    record = stand.only()
    check(record, outcome, accepted_chars)
    assert (record.language, record.expert, record.kind) == ("go", "go-carved", "inline")
    assert (record.lines, record.chars, record.latency_ms, record.probability) == (1, 5, 200, 0.5)
    assert stand.records[0][0] == "2026-01-31"


def test_its_first_word_then_the_rest(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("print(name)")
    stand.at("x = print‸\n").offer("(name)")
    assert stand.afterwards.counts == {"shown": 1, "accepted": 1, "acceptedChars": 5}
    stand.at("x = print(name)‸\n")
    check(stand.only(), "whole", 11)


def test_its_first_word_and_then_something_else(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("print(name)")
    stand.at("x = print‸\n")
    stand.at("x = print!‸\n")
    check(stand.only(), "partly", 5)


def test_typing_it_is_not_accepting_it_and_it_is_one_suggestion(stand: Stand) -> None:
    text = "print(name)"
    for typed in range(len(text)):
        stand.at(f"x = {text[:typed]}‸\n").offer(text[typed:], wait_s=0.4)
    stand.at(f"x = {text}‸\n")
    stand.time.go_on(GRACE_S)
    check(stand.only(), "typed", 0)
    assert stand.seen == [text]


def test_typed_a_little_and_then_accepted(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("print(name)")
    stand.at("x = p‸\n").offer("rint(name)")
    stand.at("x = print(name)‸\n")
    check(stand.only(), "whole", 10)


def test_what_was_gone_within_a_glance_does_not_count(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("print(name)", wait_s=0.2)
    stand.at("x = y‸\n").offer("es", wait_s=0.04)
    stand.at("x = ya‸\n")
    assert stand.end() == []
    assert stand.seen == ["print(name)"]
    assert stand.afterwards.counts["shown"] == 0


def test_a_newer_answer_takes_the_place_of_the_older_one(stand: Stand) -> None:
    stand.at("x = ‸\ny = \n").offer("go(1)")
    stand.at("x = \ny = ‸\n").offer("go(2)")
    stand.at("x = go(1)\ny = ‸\n")  # it was not on the screen any more
    assert [record.outcome for record in stand.end()] == ["none", "none"]


def test_of_several_choices_the_accepted_one_counts_and_the_first(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("first()", "second()", "secondly()")
    stand.at("x = second()‸\n")
    assert [(record.outcome, record.chars) for record in stand.end()] == [("none", 7), ("whole", 8)]


def test_the_same_in_the_popup_is_one_suggestion(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("print(name)")
    stand.offer("print(name)", kind="popup")
    stand.at("x = print(name)‸\n")
    check(stand.only(), "whole", 11)


def test_the_popups_first_line_and_all_of_it_inline(stand: Stand) -> None:
    stand.at("‸").offer("if x {\n\treturn\n}")
    stand.offer("if x {", kind="popup")
    stand.at("if x {‸")
    assert [(record.kind, record.outcome) for record in stand.end()] == [("inline", "none"), ("popup", "whole")]


def test_behind_a_selected_popup_item(stand: Stand) -> None:
    """The client inserts the item and the suggestion over what was typed of the item."""
    stand.at("fmt.Pr‸\n")
    place = Place(Document.of(URI, "go", 1, stand.text), 6, 4, "Println", asked_s=0)
    stand.afterwards.offer(Suggestion("(x)", 0, "go-carved", "expert"), place, "inline")
    stand.time.go_on(SHOWN_S)
    stand.at("fmt.Println(x)‸\n")
    check(stand.only(), "whole", 10)


# Clients that tell


def test_a_client_that_tells_what_it_shows_is_not_second_guessed(stand: Stand) -> None:
    (first,) = stand.at("x = ‸\n").offer("print(name)", wait_s=0)
    stand.afterwards.shown(first)
    assert stand.seen == ["print(name)"]
    stand.afterwards.shown(first)
    stand.at("y = ‸\n").offer("not shown", wait_s=60)
    assert stand.seen == ["print(name)"]
    assert [record.chars for record in stand.end()] == [11]


@pytest.mark.parametrize("edit_first", [True, False])
def test_accepted_by_the_command(stand: Stand, edit_first: bool) -> None:
    (item,) = stand.at("x = ‸\n").offer("go(1)", wait_s=0)
    if edit_first:
        stand.at("x = go(1)‸\n")
    stand.afterwards.accepted(item)
    stand.afterwards.accepted(item)
    if not edit_first:
        stand.at("x = go(1)‸\n")
    assert stand.afterwards.counts == {"shown": 1, "accepted": 1, "acceptedChars": 5}
    stand.time.go_on(301)
    check(stand.only(), "whole", 5, (True, True))


def test_the_command_is_right_where_the_edit_looks_like_another_one(stand: Stand) -> None:
    """The client indented it in its own way."""
    (item,) = stand.at("‸").offer("if x {\n\treturn\n}")
    stand.at("if x {\n    return\n}‸")
    stand.time.go_on(5)
    stand.afterwards.accepted(item)
    stand.time.go_on(301)
    check(stand.only(), "whole", 16, (True, True))


def test_partly_accepted_in_utf16_units_again_and_again(stand: Stand) -> None:
    (item,) = stand.at("‸").offer("😋 größe()", wait_s=0)
    stand.at("😋‸")
    stand.afterwards.partly_accepted(item, 2)
    assert stand.afterwards.counts["acceptedChars"] == 1
    stand.at("😋 größe‸")
    stand.afterwards.partly_accepted(item, 8)
    stand.afterwards.partly_accepted(item, 8)
    assert stand.afterwards.counts == {"shown": 1, "accepted": 1, "acceptedChars": 7}
    check(stand.only(), "partly", 7)


def test_a_part_that_is_all_of_it(stand: Stand) -> None:
    (item,) = stand.at("‸").offer("go(1)", wait_s=0)
    stand.afterwards.partly_accepted(item, 10**9)
    check(stand.only(), "whole", 5)


def test_two_letters_accepted_by_a_key_were_not_typed(stand: Stand) -> None:
    (item,) = stand.at("x‸").offer("()")
    stand.at("x()‸")
    stand.afterwards.accepted(item)
    check(stand.only(), "whole", 2)


@pytest.mark.parametrize("item", ["", "nonsense", "0-1"])
def test_an_id_that_nobody_gave(stand: Stand, item: str) -> None:
    stand.at("x = ‸\n").offer("go(1)")
    stand.afterwards.shown(item)
    stand.afterwards.accepted(item)
    stand.afterwards.partly_accepted(item, 3)
    check(stand.only(), "none", 0)


@pytest.mark.parametrize("units", [0, -3])
def test_a_part_without_a_length(stand: Stand, units: int) -> None:
    (item,) = stand.at("x = ‸\n").offer("go(1)")
    stand.afterwards.partly_accepted(item, units)
    check(stand.only(), "none", 0)


def test_ids_are_each_ones_own(stand: Stand) -> None:
    ids = [*stand.at("‸").offer("one", "two", "three"), *Stand().at("‸").offer("one")]
    assert len(set(ids)) == 4
    assert stand.offer("one") == ids[:1]  # asked again


# Later


def test_it_moved_and_was_kept(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("calculate(index, name)")
    stand.at("x = calculate(index, name)‸\n")
    stand.at("# a comment\n" * 500 + "x = calculate(index, name)‸\n")
    stand.time.go_on(31)
    stand.at("# a comment\n" * 100 + "x = calculate(number, name)‸\n")
    stand.time.go_on(270)
    check(stand.records[0][1], "whole", 22, (True, True))
    assert stand.time.waiting == 0


def test_it_was_deleted_later(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("calculate(index, name)")
    stand.at("x = calculate(index, name)‸\n")
    stand.time.go_on(31)
    stand.at("x = None‸\n")
    stand.time.go_on(270)
    check(stand.only(), "whole", 22, (True, False))


def test_of_a_closed_document_nobody_knows(stand: Stand) -> None:
    stand.at("x = ‸\n").offer("calculate(index, name)")
    stand.at("x = calculate(index, name)‸\n")
    stand.time.go_on(31)
    stand.afterwards.closed(URI)
    stand.afterwards.closed(URI)
    check(stand.only(), "whole", 22, (True, None))


# Bounds


def test_many_offers_leave_the_accepted_one_alone(stand: Stand) -> None:
    stand.at("‸\n").offer("calculate(index, name)")
    stand.at("calculate(index, name)‸\n")
    for number in range(3 * MOST_OFFERS):
        stand.offer(f"text {number}", wait_s=0.001)
        assert stand.time.waiting <= MOST_OFFERS
    stand.time.go_on(31)
    assert len(stand.afterwards._offers) <= MOST_OFFERS >= len(stand.afterwards._ids)
    check(stand.end()[-1], "none", 0)
    (kept,) = [record.kept_30 for _, record in stand.records if record.outcome == "whole"]
    assert kept is True


def test_many_documents_are_forgotten(stand: Stand) -> None:
    for number in range(3 * MOST_OFFERS):
        stand.at("‸").offer("text", uri=f"untitled:{number}")
    assert len(stand.afterwards._texts) <= MOST_OFFERS
    stand.end()
    assert not stand.afterwards._texts and not stand.afterwards._ids


def test_without_statistics_nothing_counts_and_speculation_goes_on(stand: Stand) -> None:
    stand.counting = False
    (item,) = stand.at("x = ‸\n").offer("go(1)")
    stand.afterwards.accepted(item)
    assert stand.end() == []
    assert stand.afterwards.counts == {"shown": 0, "accepted": 0, "acceptedChars": 0}
    assert stand.seen == ["go(1)"]


def test_silence_is_no_offer(stand: Stand) -> None:
    place = Place(Document.of(URI, "go", 1, ""), 0, 0)
    assert stand.afterwards.offer(Silence("off"), place, "inline") == ()
    assert stand.afterwards.offer(Suggestion("x", 0, "a", "b"), Silence("stale version"), "inline") == ()


@pytest.mark.parametrize(
    ("language", "written"),
    [("GO", "go"), ("", "other"), ("My Language", "other"), ("/home/me", "other"), ("x" * 99, "other")],
)
def test_a_clients_own_language_names_are_not_written_down(stand: Stand, language: str, written: str) -> None:
    place = Place(Document.of(URI, language, 1, ""), 0, 0)
    stand.afterwards.offer(Suggestion("long text", 0, "a", "b"), place, "inline")
    stand.time.go_on(SHOWN_S)
    assert stand.only().language == written
