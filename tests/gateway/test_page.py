"""The page for developers: its roles are those there are, its examples are valid."""

from __future__ import annotations

import json
import re

from graphql import parse, validate

from gateway.app import PAGE
from gateway.settings import GatewaySettings
from gateway.supergraph_file import read_supergraph
from shared.identity.roles import Role

TEXT = PAGE.read_text("utf-8")


def test_every_role_is_one_click_away() -> None:
    listed = re.search(r"const ROLES = \[(.*?)\]", TEXT, re.DOTALL)
    assert listed is not None
    assert re.findall(r'"(\w+)"', listed[1]) == [role.value for role in Role]


def test_every_example_is_a_document_of_the_graph() -> None:
    schema = read_supergraph(GatewaySettings().supergraph).public
    examples = [json.loads(f'"{text}"') for text in re.findall(r': \["((?:query|mutation) .*?)",', TEXT)]
    assert len(examples) == 5
    for text in examples:
        assert validate(schema, parse(text)) == [], text
