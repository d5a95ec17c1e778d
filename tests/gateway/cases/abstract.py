"""Interfaces and unions, also where subgraphs see them differently."""

from __future__ import annotations

from typing import Any

from tests.gateway.federation import Case
from tests.gateway.servers import World


def _media() -> World:
    ada: dict[str, Any] = {"__typename": "Artist", "id": "a1", "name": "Ada", "age": 40}
    media: list[dict[str, Any]] = [
        {"__typename": "Song", "id": "m1", "title": "Song one", "seconds": 10, "by": ada, "rating": 3, "size": "S"},
        {"__typename": "Film", "id": "m2", "title": "Film two", "seconds": 20, "by": ada, "rating": None, "size": "F"},
        {"__typename": "Song", "id": "m3", "title": "Song three", "seconds": 30, "by": None, "rating": 5, "size": "S3"},
    ]
    media[0]["similar"] = media[1]
    media[1]["similar"] = media[2]
    media[2]["similar"] = None
    ada["works"] = media
    return {
        "media": media,
        "search": [media[0], ada, media[1]],
        "one": lambda id: next((each for each in media if each["id"] == id), None),
        "artist": ada,
    }


MEDIA = Case(
    "media",
    {
        "library": """
            type Query { media: [Media!]! search: [Result!]! one(id: ID!): Media }
            interface Media { id: ID! title: String similar: Media }
            type Song implements Media @key(fields: "id") { id: ID! title: String similar: Media seconds: Int by: Artist }
            type Film implements Media @key(fields: "id") { id: ID! title: String similar: Media by: Artist }
            type Artist @key(fields: "id") { id: ID! }
            union Result = Song | Film | Artist
        """,
        "artists": """
            type Query { artist: Artist }
            type Artist @key(fields: "id") { id: ID! name: String age: Int works: [Work!] }
            union Work = Song | Film
            type Song @key(fields: "id") { id: ID! }
            type Film @key(fields: "id") { id: ID! seconds: Int }
        """,
        "ratings": """
            type Song @key(fields: "id") { id: ID! rating: Int size: String! }
            type Film @key(fields: "id") { id: ID! rating: Int size: String }
        """,
    },
    _media,
)


def _rated() -> World:
    cat = {"__typename": "Cat", "id": "c", "sound": "meow", "lives": 9, "weight": 4}
    dog = {"__typename": "Dog", "id": "d", "sound": "woof", "tricks": ["sit"], "weight": 20}
    for each in (cat, dog):
        each["loud"] = lambda self: self["pet"]["weight"] > 10
    owners = [{"__typename": "Owner", "id": f"o{n}", "pet": pet, "food": _food} for n, pet in enumerate([cat, dog, None])]
    return {"owners": owners, "pets": [cat, dog], "cat": cat}


def _food(self: dict[str, Any]) -> str | None:
    pet = self["pet"]
    if pet is None:
        return None
    return f"{pet['__typename']} {pet['weight']} {pet.get('lives') if pet['__typename'] == 'Cat' else ''}"


PETS = Case(
    "pets",
    {
        "owners": """
            type Query { owners: [Owner!]! cat: Cat }
            type Owner @key(fields: "id") { id: ID! pet: Pet }
            interface Pet { sound: String weight: Int }
            type Cat implements Pet { sound: String weight: Int lives: Int }
            type Dog implements Pet { sound: String weight: Int tricks: [String!] }
        """,
        "food": """
            type Owner @key(fields: "id") {
              id: ID! pet: Pet @external food: String @requires(fields: "pet { weight ... on Cat { lives } }")
            }
            interface Pet { weight: Int }
            type Cat implements Pet { weight: Int @external lives: Int @external }
            type Dog implements Pet { weight: Int @external }
        """,
    },
    _rated,
)


def _union() -> World:
    text = {"__typename": "Text", "words": 3}
    image = {"__typename": "Image", "url": "u"}
    pages = [
        {"__typename": "Page", "id": f"p{n}", "lead": each, "parts": [text, image], "title": f"Page {n}"}
        for n, each in enumerate([text, text])
    ]
    return {"pages": pages, "either": {"__typename": "Good", "at": "now"}, "nodes": [*pages]}


UNIONS = Case(
    "unions",
    {
        "a": """
            type Query { pages: [Page!]! either: Outcome! nodes: [Node!] }
            interface Node { id: ID! }
            type Page implements Node @key(fields: "id") { id: ID! lead: Part @shareable title: String! }
            union Part = Text
            type Text @shareable { words: Int }
            union Outcome = Good | Bad
            type Good { at: String }
            type Bad { why: String }
        """,
        "b": """
            type Page @key(fields: "id") { id: ID! lead: Part @shareable parts: [Part!]! }
            union Part = Text | Image
            type Text @shareable { words: Int }
            type Image { url: String }
        """,
    },
    _union,
)

CASES = [MEDIA, PETS, UNIONS]
