"""Subgraphs of Federation 1, and of Federation 2 that write in its manner: extended types, keys marked @external."""

from __future__ import annotations

from tests.gateway.federation import Case

EXTENDS = Case(
    "fed1_extends",
    {
        "a": """
            extend type Query { user: User providedUser: User @provides(fields: "name") users: [User] }
            type User @extends @key(fields: "id") { id: ID! @external name: String @external rid: ID }
        """,
        "b": """
            extend type Query { someone: User }
            type User @key(fields: "id") { id: ID! name: String nick: String }
        """,
    },
    link=False,
)

EXTENSION = Case(
    "fed1_extension",
    {
        "a": """
            extend type Query { places: [Place!]! near: Place @provides(fields: "name") }
            extend type Place @key(fields: "id") { id: ID! @external name: String @external visits: Int }
        """,
        "b": """
            extend type Query { home: Place }
            type Place @key(fields: "id") { id: ID! name: String! zip: String }
        """,
        "c": """
            extend type Place @key(fields: "id") {
              id: ID! @external zip: String @external visits: Int @external post: String @requires(fields: "zip visits")
            }
        """,
    },
    link=False,
)

SEVERAL_KEYS = Case(
    "fed1_keys",
    {
        "users": """
            type Query { users: [User!]! }
            type User @key(fields: "id") @key(fields: "mail org { id }") { id: ID! mail: String! org: Org! name: String }
            type Org @key(fields: "id") { id: ID! }
        """,
        "orgs": """
            extend type Query { orgs: [Org] }
            type Org @key(fields: "id") { id: ID! title: String }
        """,
        "logins": """
            extend type User @key(fields: "id") { id: ID! @external logins: [Login!] }
            type Login { at: Int by: User! }
        """,
        "letters": """
            extend type User @key(fields: "mail org { id }") { mail: String! @external org: Org! @external letters: [String!] }
            extend type Org @key(fields: "id") { id: ID! @external }
        """,
    },
    link=False,
)

VALUES = Case(
    "fed1_values",
    {
        "a": """
            type Query { first: Thing things: [Thing!] }
            type Thing @key(fields: "id") { id: ID! size: Size kind: Kind }
            type Size { width: Int height: Int }
            enum Kind { SMALL LARGE }
            interface Named { name: String }
            type Label implements Named { name: String }
        """,
        "b": """
            type Size { width: Int height: Int }
            enum Kind { SMALL LARGE }
            extend type Thing @key(fields: "id") {
              id: ID! @external kind: Kind @external box: Size label: Named tag(kind: Kind): String @requires(fields: "kind")
            }
            interface Named { name: String }
            type Label implements Named { name: String }
        """,
    },
    link=False,
)

FED2_EXTENDS = Case(
    "fed2_extends",
    {
        "a": """
            type Query { rands: [User!] provided: User @provides(fields: "name") }
            type User @extends @key(fields: "id") { id: ID! @external name: String @external rid: ID }
        """,
        "b": """
            type Query { users: [User!]! }
            type User @key(fields: "id") { id: ID! name: String @shareable age: Int }
        """,
        "c": """
            extend type User @key(fields: "id") { id: ID! @external age: Int @external old: Boolean @requires(fields: "age") }
        """,
    },
)

NOT_RESOLVABLE = Case(
    "fed1_resolvable",
    {
        "a": """
            type Query { productInA: Product }
            extend type Product @key(fields: "id") {
              id: ID! @external pid: ID! upc: String! @external name: String @shareable both: String @requires(fields: "upc")
            }
        """,
        "b": """
            type Query { productInB: Product products: [Product!] }
            type Product @key(fields: "id") @key(fields: "upc") { id: ID! upc: String! name: String @shareable price: Float }
        """,
    },
)

CASES = [EXTENDS, EXTENSION, SEVERAL_KEYS, VALUES, FED2_EXTENDS, NOT_RESOLVABLE]
