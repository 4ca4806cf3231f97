"""From changes in code points to an edit that the client can apply: all of it, or an ActionRefused. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from lsprotocol import types as t

from lsp_experts.actions.outcome import Change, Edited
from lsp_experts.errors import ActionRefused
from lsp_experts.server.action_capabilities import EditSupport
from lsp_experts.server.documents import Document
from lsp_experts.server.positions import Encoding
from lsp_experts.server.refusals import stale

DocumentEdit = t.TextDocumentEdit | t.CreateFile


def workspace_edit(
    edited: Edited, find: Callable[[str], Document | None], support: EditSupport, encoding: Encoding
) -> t.WorkspaceEdit:
    """The whole edit in the form that the client takes; `find` gives an open document by its URI.

    ActionRefused if a document is not what it was made for, a change is impossible, or the client lacks the form.
    """
    if not edited.changes:
        raise ActionRefused("There is nothing to change.")
    if any(change.creates for change in edited.changes) and not support.creates:
        raise ActionRefused("This editor cannot create files by an edit.", remedy="Create the file, and ask again.")
    by_uri: dict[str, list[Change]] = {}
    for change in edited.changes:
        by_uri.setdefault(change.uri, []).append(change)
    by_document = [
        _in_document(uri, sorted(changes, key=lambda change: (change.start, change.end)), find(uri))
        for uri, changes in by_uri.items()
    ]
    # Files are created by documentChanges only: who can do that takes them, whatever it says of them.
    if support.versions or any(change.creates for change in edited.changes):
        return _document_changes(edited, by_document, support, encoding)
    return t.WorkspaceEdit(
        changes={
            document.uri: [_text_edit(change, document, encoding) for change in changes]
            for document, changes in by_document
        }
    )


def _in_document(uri: str, changes: Sequence[Change], opened: Document | None) -> tuple[Document, Sequence[Change]]:
    """The text that the changes are for, and they themselves, on whole line breaks."""
    first = changes[0]
    if first.creates:
        if opened is not None or len(changes) > 1:
            raise ActionRefused("A file that was to be created is there already, so nothing was changed.")
        return Document.of(uri, "", -1, ""), changes
    if opened is None:
        if first.version is not None:
            raise ActionRefused("A document was closed meanwhile, so nothing was changed.")
        document = Document.of(uri, "", -1, first.expected)
    elif opened.version == first.version if first.version is not None else opened.text == first.expected:
        document = opened
    else:
        raise stale()
    if any((change.version, change.expected) != (first.version, first.expected) for change in changes):
        raise stale()
    if any(not 0 <= change.start <= change.end <= len(document.text) for change in changes) or any(
        one.end > two.start for one, two in pairwise(changes)
    ):
        raise ActionRefused("The edit contradicts itself, so nothing was changed.")
    return document, [_on_line_breaks(change, document.text) for change in changes]


def _on_line_breaks(change: Change, text: str) -> Change:
    """The same change, beside a \\r\\n that it would cut: no position is between the two."""
    start, end, new_text = change.start, change.end, change.new_text
    if text[max(start - 1, 0) : start + 1] == "\r\n":
        start, new_text = start - 1, "\r" + new_text
    if text[max(end - 1, 0) : end + 1] == "\r\n":
        end, new_text = end + 1, new_text + "\n"
    return replace(change, start=start, end=end, new_text=new_text)


def _document_changes(
    edited: Edited,
    by_document: Sequence[tuple[Document, Sequence[Change]]],
    support: EditSupport,
    encoding: Encoding,
) -> t.WorkspaceEdit:
    annotated = edited.confirm and support.annotations
    changes: list[DocumentEdit] = []
    notes: dict[str, t.ChangeAnnotation] = {}
    for document, its_changes in by_document:
        edits: list[t.TextEdit | t.AnnotatedTextEdit] = []
        for change in its_changes:
            plain, note = _text_edit(change, document, encoding), str(len(notes) + 1)
            edit: t.TextEdit | t.AnnotatedTextEdit = plain
            if annotated:
                notes[note] = t.ChangeAnnotation(change.label or edited.label, True, edited.note or None)
                edit = t.AnnotatedTextEdit(annotation_id=note, range=plain.range, new_text=plain.new_text)
            if change.creates:
                options = t.CreateFileOptions(overwrite=False, ignore_if_exists=False)
                changes.append(t.CreateFile(change.uri, options=options, annotation_id=note if annotated else None))
            edits.append(edit)
        version = document.version if document.version >= 0 else None
        identifier = t.OptionalVersionedTextDocumentIdentifier(document.uri, version)
        changes.append(t.TextDocumentEdit(identifier, edits))
    return t.WorkspaceEdit(document_changes=changes, change_annotations=notes or None)


def _text_edit(change: Change, document: Document, encoding: Encoding) -> t.TextEdit:
    span = t.Range(document.position(change.start, encoding), document.position(change.end, encoding))
    # One NUL in a string makes the JSON reader of Emacs 28 refuse the whole edit.
    return t.TextEdit(span, change.new_text.replace("\0", ""))
