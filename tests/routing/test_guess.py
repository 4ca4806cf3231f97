"""Guessing a language: what a text says of itself, how it begins, which grammar reads it; when there is no guess."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_experts.routing.guess import guess_language

KNOWN = (
    "c", "cpp", "css", "go", "html", "java", "javascript", "json", "kotlin", "lua", "php", "python", "ruby", "rust",
    "scss", "shellscript", "sql", "typescript", "typescriptreact", "markdown", "yaml",
)  # fmt: skip
UNTITLED = "untitled:Untitled-1"

PYTHON = "def load(path):\n    with open(path) as file:\n        return [line.strip() for line in file if line]\n"
GO = "func Load(path string) ([]string, error) {\n\tdata, err := os.ReadFile(path)\n\treturn nil, err\n}\n"
JAVASCRIPT = (
    "const load = async (path) => {\n  const data = await fetch(path);\n  return data?.map((x) => x * 2);\n};\n"
)
RUST = "fn load(path: &str) -> Result<Vec<String>, Error> {\n    let mut lines = vec![];\n    Ok(lines)\n}\n"
PROSE = "Dear all,\n\nthe meeting is on Monday at ten. Please bring what you have, and tell Ann if you cannot come.\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#!/usr/bin/env python3\n", "python"),
        ("#!/usr/bin/env -S python3.12 -u\n", "python"),
        ("#!/bin/bash -e\n", "shellscript"),
        ("#! /bin/sh\n", "shellscript"),
        ("#!/usr/bin/env node\n", "javascript"),
        ("#!/usr/bin/env -S deno run\n", "typescript"),
        ("#!/usr/bin/Rscript\n", "r"),
        ("#!/opt/unheard-of\n", ""),
        ("# -*- mode: ruby -*-\n", "ruby"),
        ("// -*- C++ -*-\n", "cpp"),
        ("# -*- coding: utf-8 -*-\n", ""),
        ("x\n# vim: set ts=4 ft=sh et:\n", "shellscript"),
        ("/* vim: ft=go */\n", "go"),
        ("<!DOCTYPE html>\n<p>", "html"),
        ("\ufeff<!doctype HTML>", "html"),
        ("<?php\necho 1;", "php"),
        ("<?xml version='1.0'?><a/>", "xml"),
        ("// a\npackage main\n\nimport (", "go"),
        ("package a.b;\n", "java"),
        ("#include <vector>\n", "cpp"),
        ("use std::io;\n", "rust"),
        ("-- a\nSELECT a, b\nFROM c", "sql"),
        ("create table a (b int);", "sql"),
        ("FROM python:3.12 AS base\nRUN x", "dockerfile"),
        (PYTHON, "python"),
        (PYTHON.replace("\n", "\r\n"), "python"),
        (GO, "go"),
        (JAVASCRIPT, "javascript"),
        (RUST, "rust"),
        ('{"name": "a", "list": [1, 2, {"b": null, "c": true}], "d": "e"}', "json"),
        (
            "interface A<T> { b: string; c?: T }\nexport const d = (e: A<number>): void => { f(e as any); };\n",
            "typescript",
        ),
        (
            "struct a { int b; };\nint main(int argc, char **argv) {\n  struct a x = {1};\n  return x.b + argc;\n}\n",
            "c",
        ),
        # unsure
        ("", ""),
        ("hello", ""),
        (PROSE, ""),
        ("a\n" * 100, ""),
        ("a, b, c\n1, 2, 3\n4, 5, 6\n7, 8, 9\n10, 11, 12\n13, 14, 15\n", ""),
        ("select one of the things\n", ""),
        ("2024-01-01 12:00:00 INFO started\n2024-01-01 12:00:01 WARN slow (3.1 s)\n" * 3, ""),
    ],
)
def test_guess(text: str, expected: str) -> None:
    assert guess_language(text, UNTITLED, KNOWN) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///a/x.zig", "zig"),
        ("file:///a/x.yml", "yaml"),
        ("file:///a/x.txt", ""),
        ("file:///a/x.test", ""),
        ("file:///a/zig", ""),
        ("", ""),
    ],
)
def test_the_ending(uri: str, expected: str) -> None:
    assert guess_language("a", uri, KNOWN) == expected


def test_only_known_languages_are_tried() -> None:
    assert guess_language(PYTHON, UNTITLED, ["go", "rust"]) == ""
    assert guess_language(PYTHON, UNTITLED, []) == ""


@given(st.text(max_size=300), st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_any_text_gets_an_answer(text: str, uri: str) -> None:
    assert isinstance(guess_language(text, uri, ["python", "go"]), str)
