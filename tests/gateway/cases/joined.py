"""@shareable values and roots, @inaccessible, enums and inputs that differ, aliases, circles, null keys."""

from __future__ import annotations

from typing import Any

from tests.gateway.federation import Case
from tests.gateway.servers import World


def _shared() -> World:
    place = {"__typename": "Place", "street": "Main", "city": "Town", "geo": {"__typename": "Geo", "lat": 1.5, "lon": 2.5, "alt": 3.5}}
    shops = [{"__typename": "Shop", "id": f"s{n}", "name": f"Shop {n}", "place": place, "owner": f"owner {n}"} for n in range(2)]
    return {"capital": place, "shops": shops, "places": [place, place]}


SHARED = Case(
    "shared",
    {
        "left": """
            type Query { capital: Place @shareable places: [Place!] @shareable shops: [Shop] }
            type Place { street: String @shareable city: String geo: Geo @shareable }
            type Geo { lat: Float @shareable alt: Float }
            type Shop @key(fields: "id") { id: ID! name: String place: Place @shareable }
        """,
        "right": """
            type Query { capital: Place @shareable places: [Place!] @shareable }
            type Place { street: String @shareable geo: Geo @shareable }
            type Geo { lat: Float @shareable lon: Float }
            type Shop @key(fields: "id") { id: ID! place: Place @shareable owner: String }
        """,
    },
    _shared,
)


def _hidden() -> World:
    cards = [
        {"__typename": "Card", "serial": f"c{n}", "level": ["LOW", "HIGH", "SECRET"][n], "limit": n, "holder": f"holder {n}"}
        for n in range(3)
    ]
    return {"cards": cards[:2], "worst": cards[2], "internals": {"__typename": "Internals", "x": 1}, "byLevel": lambda level: cards[0]}


HIDDEN = Case(
    "hidden",
    {
        "cards": """
            type Query { cards: [Card!]! worst: Card internals: Internals @inaccessible byLevel(level: Level = LOW): Card }
            type Card @key(fields: "serial") { serial: ID! @inaccessible level: Level }
            type Internals @inaccessible { x: Int }
            enum Level { LOW HIGH SECRET @inaccessible }
        """,
        "limits": """
            type Card @key(fields: "serial") { serial: ID! limit: Int holder: String }
        """,
    },
    _hidden,
)


STRINGS = ["p1", "u1", "i1", "s1", "m2", "o1", "x2", "x", "EUR"]


def _search() -> World:
    def link(row: dict[str, Any], filter: dict[str, Any] | None = None) -> str:
        return str((filter or {}).get("prefix", "") + row["id"])

    def rows(prefix: str) -> list[dict[str, Any]]:
        return [{"__typename": "Row", "id": f"{prefix}{n}", "kind": "A", "note": f"note {n}", "link": link} for n in range(3)]

    def find(filter: dict[str, Any], order: str = "UP") -> list[dict[str, Any]]:
        found = rows(filter.get("prefix", ""))
        return found if order == "UP" else found[::-1]

    # The entity exists for every prefix that a generated query may ask for.
    return {"find": find, "all": [row for prefix in ("", *STRINGS) for row in rows(prefix)]}


SEARCH = Case(
    "search",
    {
        "one": """
            type Query { find(filter: Filter!, order: Order = UP): [Row!]! all: [Row!]! }
            type Row @key(fields: "id") { id: ID! kind: Kind! }
            input Filter { prefix: String only: Int }
            enum Order { UP DOWN }
            enum Kind { A B }
        """,
        "two": """
            type Row @key(fields: "id") { id: ID! note: String link(filter: Filter): String }
            input Filter { prefix: String! }
        """,
    },
    _search,
)


def _circle() -> World:
    people: list[dict[str, Any]] = [
        {"__typename": "Human", "id": f"h{n}", "name": f"Human {n}", "code": n, "nick": None if n == 1 else f"nick {n}"} for n in range(3)
    ]
    for n, each in enumerate(people):
        each["friend"] = people[(n + 1) % 3]
        each["boss"] = people[0] if n else None
        each["likes"] = [people[(n + 1) % 3], None, people[n]]
        each["greet"] = lambda self, with_=None, **more: f"{(more.get('with') or 'hello')} {self['id']}"
        each["match"] = lambda self: f"{self['friend']['boss']['code'] if self['friend']['boss'] else None}"
    return {"humans": people, "first": people[0]}


CIRCLE = Case(
    "circle",
    {
        "names": """
            type Query { humans: [Human] first: Human }
            type Human @key(fields: "id") { id: ID! name: String friend: Human greet(with: String = "hi"): String! }
        """,
        "codes": """
            type Human @key(fields: "id") @key(fields: "nick") { id: ID! nick: String code: Int boss: Human likes: [Human] }
        """,
        "nicks": """
            type Human @key(fields: "nick") { nick: String motto: String }
        """,
    },
    lambda: _with_mottos(_circle()),
)


def _with_mottos(world: World) -> World:
    for each in world["humans"]:
        each["motto"] = f"motto {each['id']}" if each["nick"] else None
    return world


CASES = [SHARED, HIDDEN, SEARCH, CIRCLE]
