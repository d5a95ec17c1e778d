"""@requires, @provides, @override, @external, keys that do not resolve."""

from __future__ import annotations

from typing import Any

from tests.gateway.federation import Case
from tests.gateway.servers import World


def _requires() -> World:
    parcels = [
        {
            "__typename": "Parcel",
            "id": f"x{n}",
            "price": 100 * n,
            "currencyPrice": lambda self, currency: f"{currency} {100 * int(self['id'][1:])}",
            "size": {"__typename": "Size", "height": n, "width": 2 * n, "unit": {"name": "cm"}},
            "parts": [{"__typename": "Part", "weight": w} for w in range(n)],
            "area": lambda self: self["size"]["height"] * self["size"]["width"],
            "unitName": lambda self: self["size"]["unit"]["name"],
            "heavy": lambda self: sum(part["weight"] for part in self["parts"]) > 0,
            "shipping": lambda self, express=False: self["price"] // 10 + (5 if express else 0),
            "euros": _euros,
            "total": _total,
        }
        for n in range(3)
    ]
    return {"parcels": parcels, "parcel": lambda id: next((each for each in parcels if each["id"] == id), None)}


def _euros(self: dict[str, Any]) -> str:
    price = self["currencyPrice"]
    return f"costs {price(self, 'EUR') if callable(price) else price}"


def _total(self: dict[str, Any]) -> int:
    shipping = self["shipping"]
    return int(self["price"] + (shipping(self) if callable(shipping) else shipping))


REQUIRES = Case(
    "requires",
    {
        "catalog": """
            type Query { parcels: [Parcel!]! parcel(id: ID!): Parcel }
            type Parcel @key(fields: "id") { id: ID! price: Int currencyPrice(currency: String!): String size: Size parts: [Part!]! }
            type Size { height: Int! width: Int! unit: Unit }
            type Unit { name: String }
            type Part { weight: Int! }
        """,
        "shipping": """
            type Parcel @key(fields: "id") {
              id: ID! price: Int @external
              currencyPrice(currency: String!): String @external
              size: Size @external
              parts: [Part!]! @external
              shipping(express: Boolean = false): Int @requires(fields: "price")
              area: Int @requires(fields: "size { height width }")
              unitName: String @requires(fields: "size { unit { name } }")
              heavy: Boolean @requires(fields: "parts { weight }")
              euros: String @requires(fields: "currencyPrice(currency: \\"EUR\\")")
            }
            type Size { height: Int! @external width: Int! @external unit: Unit @external }
            type Unit { name: String @external }
            type Part { weight: Int! @external }
        """,
        "billing": """
            type Parcel @key(fields: "id") {
              id: ID! price: Int @external shipping(express: Boolean = false): Int @external
              total: Int @requires(fields: "price shipping")
            }
        """,
    },
    _requires,
)


def _provides() -> World:
    writers: list[dict[str, Any]] = [
        {"__typename": "Writer", "id": f"w{n}", "name": f"Writer {n}", "born": 1900 + n, "home": {"city": f"city {n}", "zip": f"{n}"}}
        for n in range(2)
    ]
    books = [{"__typename": "Book", "isbn": f"b{n}", "title": f"Book {n}", "writer": writers[n % 2]} for n in range(3)]
    return {"books": books, "newest": books[2], "writers": writers}


PROVIDES = Case(
    "provides",
    {
        "books": """
            type Query { books: [Book!]! newest: Book @provides(fields: "writer { born }") }
            type Book @key(fields: "isbn") { isbn: ID! title: String writer: Writer @provides(fields: "name home { city }") }
            type Writer @key(fields: "id") { id: ID! name: String @external born: Int @external home: Home @external }
            type Home { city: String @external }
        """,
        "writers": """
            type Query { writers: [Writer!]! }
            type Writer @key(fields: "id") { id: ID! name: String @shareable born: Int @shareable home: Home @shareable }
            type Home { city: String @shareable zip: String }
        """,
    },
    _provides,
)


def _override() -> World:
    return {"posts": [{"__typename": "Post", "id": f"p{n}", "title": f"Post {n}", "views": n, "tags": ["a", "b"]} for n in range(3)]}


OVERRIDE = Case(
    "override",
    {
        "old": """
            type Query { posts: [Post!] }
            type Post @key(fields: "id") { id: ID! title: String views: Int }
        """,
        "new": """
            type Post @key(fields: "id") { id: ID! views: Int @override(from: "old") tags: [String!] }
        """,
    },
    _override,
)


def _legacy() -> World:
    cities: list[dict[str, Any]] = [{"__typename": "City", "code": f"c{n}", "name": f"City {n}", "people": 1000 * n} for n in range(2)]
    trips = [{"__typename": "Trip", "id": f"t{n}", "to": cities[n % 2], "days": n, "crowded": None} for n in range(3)]
    for city in cities:
        city["trips"] = [trip for trip in trips if trip["to"] is city]
        city["busy"] = lambda self: self["people"] > 500
    return {"cities": cities, "trips": trips}


LEGACY = Case(
    "legacy",
    {
        "cities": """
            type Query { cities: [City!]! }
            type City @key(fields: "code") { code: ID! name: String people: Int }
        """,
        "trips": """
            type Query { trips: [Trip!]! }
            type Trip @key(fields: "id") { id: ID! to: City days: Int }
            type City @key(fields: "code") { code: ID! people: Int @external trips: [Trip!] busy: Boolean @requires(fields: "people") }
        """,
        "links": """
            type Query { lastTrip: Trip }
            type Trip @key(fields: "id", resolvable: false) { id: ID! }
        """,
    },
    lambda: (world := _legacy()) | {"lastTrip": world["trips"][-1]},
)

CASES = [REQUIRES, PROVIDES, OVERRIDE, LEGACY]
