"""@provides nested, on interfaces and on unions; @override, also with requirements and on types of interfaces."""

from __future__ import annotations

from tests.gateway.federation import Case

NESTED = Case(
    "provides_nested",
    {
        "products": """
            type Query { products: [Product!]! }
            type Product @key(fields: "id") { id: ID! categories: [Category!]! @provides(fields: "name parent { name area { city } }") }
            type Category @key(fields: "id") { id: ID! name: String @external parent: Category @external area: Area @external }
            type Area { city: String @external }
        """,
        "categories": """
            type Query { categories: [Category!] }
            type Category @key(fields: "id") {
              id: ID! name: String @shareable parent: Category @shareable area: Area @shareable depth: Int
            }
            type Area { city: String @shareable people: Int }
        """,
    },
)

ON_INTERFACE = Case(
    "provides_interface",
    {
        "shelf": """
            type Query { media: Media @shareable book: Book @provides(fields: "animals { id name }") shelf: [Media!] }
            interface Media { id: ID! animals: [Animal] }
            interface Animal { id: ID! name: String }
            type Book implements Media @key(fields: "id") { id: ID! animals: [Animal] @shareable @provides(fields: "... on Cat { age }") }
            type Dog implements Animal @key(fields: "id") { id: ID! @shareable name: String @external age: Int }
            type Cat implements Animal @key(fields: "id") { id: ID! @shareable name: String @external age: Int @external }
        """,
        "zoo": """
            type Query { media: Media @shareable @provides(fields: "animals { name }") }
            interface Media { id: ID! animals: [Animal] }
            interface Animal { id: ID! name: String }
            type Book implements Media @key(fields: "id") { id: ID! @shareable animals: [Animal] @shareable }
            type Dog implements Animal @key(fields: "id") { id: ID! name: String @external }
            type Cat implements Animal @key(fields: "id") { id: ID! name: String @external }
        """,
        "names": """
            type Dog @key(fields: "id") { id: ID! name: String @shareable }
            type Cat @key(fields: "id") { id: ID! name: String @shareable age: Int @shareable }
        """,
    },
)

ON_UNION = Case(
    "provides_union",
    {
        "a": """
            type Query { media: [Media] @shareable best: Media @provides(fields: "... on Movie { title }") }
            union Media = Book | Movie
            type Book @key(fields: "id") { id: ID! }
            type Movie @key(fields: "id") { id: ID! title: String @external }
        """,
        "b": """
            type Query { media: [Media] @shareable @provides(fields: "... on Book { title }") }
            union Media = Book | Movie
            type Book @key(fields: "id") { id: ID! title: String @external pages: Int }
            type Movie @key(fields: "id") { id: ID! }
        """,
        "c": """
            type Book @key(fields: "id") { id: ID! title: String @shareable }
            type Movie @key(fields: "id") { id: ID! title: String @shareable length: Int }
        """,
    },
)

WITH_REQUIRES = Case(
    "provides_requires",
    {
        "catalog": """
            type Query { shirts: [Shirt!]! }
            type Shirt @key(fields: "id") { id: ID! size: Int @shareable cut: String @shareable }
        """,
        "shop": """
            type Query { sold: [Order!]! }
            type Order { number: Int shirt: Shirt @provides(fields: "size") }
            type Shirt @key(fields: "id") {
              id: ID! size: Int @external cut: String @external
              parcel: Int @requires(fields: "size") note: String @requires(fields: "size cut")
            }
        """,
    },
)

OVERRIDE_REQUIRES = Case(
    "override_requires",
    {
        "a": """
            type Query { users: [User!] }
            type User @key(fields: "id") { id: ID! name: String nick: String age: Int }
        """,
        "b": """
            type Query { members: [User] }
            type User @key(fields: "id") { id: ID! name: String @override(from: "a") since: Int }
        """,
        "c": """
            type Query { guests: [User!]! }
            type User @key(fields: "id") {
              id: ID! name: String @external nick: String @external
              title: String @requires(fields: "name") both: String @requires(fields: "name nick") age: Int @override(from: "a")
            }
        """,
    },
)

OVERRIDE_INTERFACE = Case(
    "override_interface",
    {
        "a": """
            type Query { feed: [Post!]! }
            interface Post { id: ID! at: String }
            type Picture implements Post @key(fields: "id") { id: ID! at: String width: Int }
            type Words implements Post @key(fields: "id") { id: ID! at: String text: String }
        """,
        "b": """
            type Query { more: [Post!] latest: Picture }
            interface Post { id: ID! at: String }
            type Picture implements Post @key(fields: "id") { id: ID! at: String @override(from: "a") format: String }
            type Sign implements Post { id: ID! at: String face: String }
        """,
    },
)

OVERRIDE_KEY = Case(
    "override_key",
    {
        "a": """
            type Query { notes: [Note!]! }
            type Note @key(fields: "id") @key(fields: "slug") { id: ID! slug: String! body: String likes: Int }
        """,
        "b": """
            type Query { drafts: [Note!] }
            type Note @key(fields: "slug") @key(fields: "id") {
              id: ID! slug: String! @override(from: "a") body: String @override(from: "a")
            }
        """,
        "c": """
            type Query { pins: [Note!] }
            type Note @key(fields: "id") { id: ID! likes: Int @override(from: "a") pin: Int }
        """,
    },
)

MYSTERIOUS = Case(
    "external_unused",
    {
        "prices": """
            type Query { offer: Offer offers: [Offer!]! }
            type Offer @key(fields: "id") { id: ID! price: Int }
        """,
        "shop": """
            type Query { shopped: [Offer!] basket: Basket }
            type Basket { offers: [Offer!] @provides(fields: "price") extra: Offer }
            type Offer @key(fields: "id") { id: ID! price: Int @external stock: Int }
        """,
    },
)

CASES = [NESTED, ON_INTERFACE, ON_UNION, WITH_REQUIRES, OVERRIDE_REQUIRES, OVERRIDE_INTERFACE, OVERRIDE_KEY, MYSTERIOUS]
