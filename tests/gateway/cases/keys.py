"""Keys: many of them, nested in one another, in lists, null, in circles."""

from __future__ import annotations

from tests.gateway.federation import Case

MASHUP = Case(
    "keys_mashup",
    {
        "a": """
            type Query { a: A }
            type A @key(fields: "id") @key(fields: "id pId") @key(fields: "id pId compositeId { two three }") {
              id: ID! pId: ID! compositeId: Composite! name: String!
            }
            type Composite { two: ID! three: ID! }
        """,
        "b": """
            type Query { b: B }
            type B @key(fields: "id") { id: ID! a: [A!]! }
            type A @key(fields: "id compositeId { two three }", resolvable: true) @key(fields: "id") {
              id: ID! compositeId: Composite! nameInB: String! name: String! @external
              upper: String @requires(fields: "name compositeId { two three }")
            }
            type Composite @shareable { two: ID! three: ID! }
        """,
    },
)

COMPLEX = Case(
    "keys_complex",
    {
        "products": """
            type Query { topProducts: ProductList! }
            type ProductList @key(fields: "products { id }") { products: [Product!]! }
            type Product @key(fields: "id") { id: ID! category: Category @shareable }
            type Category @key(fields: "id") { id: ID! tag: String @shareable }
        """,
        "lists": """
            type ProductList @key(fields: "products { id pid }") {
              products: [Product!]! first: Product @shareable selected: Product @shareable
            }
            type Product @key(fields: "id pid") { id: ID! pid: ID }
        """,
        "ids": """
            type Product @key(fields: "id") @key(fields: "id pid") { id: ID! pid: ID }
        """,
        "prices": """
            type ProductList @key(fields: "products { id pid category { id tag } } selected { id }") {
              products: [Product!]! first: Product @shareable selected: Product @shareable total: Int
            }
            type Product @key(fields: "id pid category { id tag }") { id: ID! pid: ID category: Category @shareable price: Price }
            type Category @key(fields: "id tag") { id: ID! tag: String @shareable }
            type Price { price: Float! }
        """,
    },
)

HOPS = Case(
    "keys_hops",
    {
        "a": 'type Query { stops: [Stop!]! } type Stop @key(fields: "a") { a: ID! }',
        "b": 'type Stop @key(fields: "a") @key(fields: "b") { a: ID! b: ID! inB: Int }',
        "c": """
            type Stop @key(fields: "b") @key(fields: "c d") { b: ID! c: ID! d: Int! inC: Int line: Line }
            type Line @key(fields: "id") { id: ID! }
        """,
        "d": 'type Stop @key(fields: "c d") @key(fields: "e { f }") { c: ID! d: Int! e: E! inD: Int } type E { f: ID! @shareable }',
        "e": 'type Stop @key(fields: "e { f }") { e: E! inE: Int next: Stop } type E { f: ID! @shareable g: Int }',
        "lines": 'type Line @key(fields: "id") { id: ID! name: String ends: [Stop!] } type Stop @key(fields: "b") { b: ID! }',
    },
)

NULL = Case(
    "keys_null",
    {
        "shelf": """
            type Query { shelves: [Shelf!] }
            type Shelf { book: Book }
            type Book @key(fields: "upc") { upc: ID! }
        """,
        "ids": """
            type Book @key(fields: "id") @key(fields: "upc") { id: ID upc: ID! }
        """,
        "books": """
            type Book @key(fields: "id") { id: ID author: Author title: String }
            type Author @key(fields: "name") { name: String }
        """,
        "authors": """
            type Author @key(fields: "name") { name: String age: Int }
        """,
    },
    fixed={
        "Book.id": lambda number: None if number % 3 == 1 else f"k{number}",
        "Book.author": lambda number: None,
        "Book.title": lambda number: None if number % 3 == 1 else f"title {number}",
    },
)

TYPE_MIX = Case(
    "keys_of_types",
    {
        "a": """
            type Query { parties: [Party!]! }
            union Party = Person | Company
            type Person @key(fields: "id") { id: ID! }
            type Company @key(fields: "code") { code: String! }
        """,
        "b": """
            interface HasName { name: String! }
            type Person implements HasName @key(fields: "id") { id: ID! name: String! boss: HasName partners: [HasName!] }
            type Company implements HasName @key(fields: "code") { code: String! name: String! staff: [Person!]! }
        """,
        "c": """
            type Person @key(fields: "id") { id: ID! rating: Int }
            type Company @key(fields: "code") { code: String! rating: String employer: Company }
        """,
    },
)

SELF = Case(
    "keys_parent",
    {
        "products": """
            type Query { products: [Product!]! }
            type Product @key(fields: "id pid") { id: ID! pid: ID! }
        """,
        "categories": """
            type Product @key(fields: "id pid") { id: ID! pid: ID! category: Category @shareable }
            type Category { id: ID! @shareable details: Details @shareable }
            type Details { products: Int }
        """,
        "prices": """
            type Product @key(fields: "id") { id: ID! category: Category @shareable }
            type Category { id: ID! @shareable details: Details @shareable price: Int }
            type Details { average: Float }
        """,
    },
)

CASES = [MASHUP, COMPLEX, HOPS, NULL, TYPE_MIX, SELF]
