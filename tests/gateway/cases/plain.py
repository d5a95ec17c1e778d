"""Entities with one key, several keys, keys that have to be fetched first, compound and nested keys."""

from __future__ import annotations

from typing import Any

from tests.gateway.federation import Case
from tests.gateway.servers import World


def _shop() -> World:
    users: list[dict[str, Any]] = [{"__typename": "User", "id": f"u{n}", "name": f"User {n}"} for n in range(3)]
    products: list[dict[str, Any]] = [
        {"__typename": "Product", "upc": f"p{n}", "title": f"Product {n}", "price": 10 * n if n else None, "stock": 5 - n} for n in range(4)
    ]
    reviews = [
        {"__typename": "Review", "id": f"r{n}", "body": f"body {n}", "author": users[n % 3], "product": products[n % 4]} for n in range(8)
    ]
    for user in users:
        user["reviews"] = [review for review in reviews if review["author"] is user]
    for product in products:
        product["reviews"] = [review for review in reviews if review["product"] is product]
    return {
        "me": users[0],
        "users": users,
        "nobody": None,
        "product": lambda upc: next((each for each in products if each["upc"] == upc), None),
        "topProducts": lambda first=2: products[:first],
        "_all": [*users, *products, *reviews],
    }


SHOP = Case(
    "shop",
    {
        "accounts": """
            type Query { me: User users: [User!]! nobody: User }
            type User @key(fields: "id") { id: ID! name: String! }
        """,
        "products": """
            type Query { product(upc: ID!): Product topProducts(first: Int = 2): [Product!] }
            type Product @key(fields: "upc") { upc: ID! title: String! price: Int }
        """,
        "reviews": """
            type User @key(fields: "id") { id: ID! reviews: [Review!] }
            type Product @key(fields: "upc") { upc: ID! reviews: [Review!] }
            type Review @key(fields: "id") { id: ID! body: String author: User product: Product }
        """,
        "stock": """
            type Product @key(fields: "upc") { upc: ID! stock: Int }
        """,
    },
    _shop,
)


def _chain() -> World:
    items = [
        {
            "__typename": "Item",
            "id": f"i{n}",
            "sku": f"s{n}",
            "upc": f"u{n}",
            "name": f"Item {n}",
            "weight": n * 1.5,
            "origin": f"place {n}",
        }
        for n in range(3)
    ]
    return {"items": items, "bySku": lambda sku: next((each for each in items if each["sku"] == sku), None)}


CHAIN = Case(
    "chain",
    {
        "list": """
            type Query { items: [Item] }
            type Item @key(fields: "id") { id: ID! }
        """,
        "names": """
            type Item @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! name: String }
        """,
        "weights": """
            type Query { bySku(sku: ID!): Item }
            type Item @key(fields: "sku") @key(fields: "upc") { sku: ID! upc: ID! weight: Float }
        """,
        "origins": """
            type Item @key(fields: "upc") { upc: ID! origin: String }
        """,
    },
    _chain,
)


def _nested() -> World:
    orgs: list[dict[str, Any]] = [{"__typename": "Org", "id": f"o{n}", "title": f"Org {n}", "country": {"code": "CN"}} for n in range(2)]
    people = [
        {
            "__typename": "Person",
            "number": n % 2,
            "org": orgs[n // 2],
            "name": f"Person {n}",
            "email": f"{n}@example.org",
            "phones": [{"prefix": "+86", "line": str(n)}],
            "desk": {"floor": n, "room": f"room {n}"},
        }
        for n in range(4)
    ]
    return {"people": people, "org": lambda id: next((each for each in orgs if each["id"] == id), None), "_orgs": orgs}


NESTED_KEYS = Case(
    "nested_keys",
    {
        "people": """
            type Query { people: [Person!]! }
            type Person @key(fields: "number org { id country { code } }") { number: Int! org: Org! name: String }
            type Org @key(fields: "id") { id: ID! country: Country @shareable }
            type Country @shareable { code: String }
        """,
        "contact": """
            type Person @key(fields: "number org { id country { code } }") @key(fields: "email") {
              number: Int! org: Org! email: String phones: [Phone!]
            }
            type Org @key(fields: "id") { id: ID! country: Country @shareable }
            type Country @shareable { code: String }
            type Phone { prefix: String line: String }
        """,
        "places": """
            type Query { org(id: ID!): Org }
            type Person @key(fields: "email") { email: String desk: Desk }
            type Org @key(fields: "id") { id: ID! title: String }
            type Desk { floor: Int room: String }
        """,
    },
    _nested,
)


def _mutations() -> World:
    log: list[str] = []
    counter = {"__typename": "Counter", "id": "c", "value": 0, "label": "counter", "trace": lambda _self: log.copy()}

    def add(by: int) -> dict[str, Any]:
        counter["value"] += by
        log.append(f"add {by}")
        return {"__typename": "Counter"} | counter

    def note(text: str) -> dict[str, Any]:
        log.append(f"note {text}")
        return {"__typename": "Note", "text": text, "after": len(log), "query": {"__typename": "Query"} | {"counter": counter}}

    return {"counter": counter, "add": add, "note": note, "log": lambda: log.copy()}


MUTATIONS = Case(
    "mutations",
    {
        "counters": """
            type Query { counter: Counter }
            type Mutation { add(by: Int!): Counter }
            type Counter @key(fields: "id") { id: ID! value: Int }
        """,
        "notes": """
            type Query { log: [String!] }
            type Mutation { note(text: String!): Note! }
            type Note { text: String after: Int! }
            type Counter @key(fields: "id") { id: ID! label: String trace: [String!] }
        """,
    },
    _mutations,
)

CASES = [SHOP, CHAIN, NESTED_KEYS, MUTATIONS]
