"""@interfaceObject and @key on interfaces: objects whose type only some subgraphs can tell."""

from __future__ import annotations

from tests.gateway.federation import Case

SIMPLE = Case(
    "io_simple",
    {
        "media": """
            type Query { works: [Work!]! work(id: ID!): Work }
            interface Work @key(fields: "id") { id: ID! title: String }
            type Book implements Work @key(fields: "id") { id: ID! title: String pages: Int }
            type Record implements Work @key(fields: "id") { id: ID! title: String tracks: Int! }
        """,
        "votes": """
            type Query { topWork: Work best: [Work] }
            type Work @key(fields: "id") @interfaceObject { id: ID! votes: Int voters: [Voter!] }
            type Voter { name: String! favourite: Work }
        """,
        "prices": """
            type Book @key(fields: "id") { id: ID! price: Int }
        """,
    },
)

REQUIRES = Case(
    "io_requires",
    {
        "people": """
            type Query { named: [Named!]! people: [Person] }
            interface Named @key(fields: "id") { id: ID! name: String }
            type Person implements Named @key(fields: "id") { id: ID! name: String age: Int }
            type Robot implements Named @key(fields: "id") { id: ID! name: String model: String }
        """,
        "logins": """
            type Query { logins: [Named] }
            type Named @key(fields: "id") @interfaceObject {
              id: ID! name: String @external login: String @requires(fields: "name") since: Int
            }
        """,
        "mail": """
            type Person @key(fields: "id") { id: ID! mail: String age: Int @external grown: Boolean @requires(fields: "age") }
        """,
    },
)

NOT_RESOLVABLE = Case(
    "io_not_resolvable",
    {
        "shop": """
            type Query { article: Node }
            interface Node @key(fields: "id") { id: ID! }
            type Article implements Node @key(fields: "id") { id: ID! price: Int! name: String }
        """,
        "links": """
            type Query { pinned: Node! recent: [Node!] }
            type Node @key(fields: "id", resolvable: false) @interfaceObject { id: ID! }
        """,
    },
)

TWO = Case(
    "io_two",
    {
        "zoo": """
            type Query { animals: [Animal!]! keepers: [Keeper!] }
            interface Animal @key(fields: "id") { id: ID! species: String }
            type Lion implements Animal @key(fields: "id") { id: ID! species: String mane: Boolean }
            type Penguin implements Animal @key(fields: "id") { id: ID! species: String swims: Boolean! }
            type Keeper @key(fields: "id") { id: ID! }
        """,
        "food": """
            type Animal @key(fields: "id") @interfaceObject { id: ID! diet: String meals(most: Int = 2): [Meal!] }
            type Meal { grams: Int eater: Animal! }
        """,
        "vets": """
            type Query { patients: [Animal!] }
            type Animal @key(fields: "id") @interfaceObject { id: ID! health: String friend: Animal }
            type Keeper @key(fields: "id") { id: ID! minds: [Animal!]! }
        """,
    },
)

INDIRECT = Case(
    "io_indirect",
    {
        "registry": """
            interface Asset @key(fields: "id") { id: ID! }
            type Car implements Asset @key(fields: "id") { id: ID! plate: String }
            type House implements Asset @key(fields: "id") { id: ID! street: String }
            type Query { plateOf: String }
        """,
        "insurance": """
            type Asset @key(fields: "id") @interfaceObject { id: ID! premium: Int! insured: Boolean }
        """,
        "garage": """
            type Query { cars: [Car!]! holders: [Holder!]! }
            type Car @key(fields: "id") { id: ID! doors: Int }
            type Holder { car: Car all: [Owned!]! }
            union Owned = Car | Boat
            type Boat { length: Int }
        """,
        "streets": """
            type House @key(fields: "id") { id: ID! rooms: Int }
        """,
    },
)

SUPER = Case(
    "io_super",
    {
        "core": """
            type Query { documents: [Document!] }
            interface Document @key(fields: "id") { id: ID! title: String }
            type Letter implements Document @key(fields: "id") { id: ID! title: String to: String }
            type Memo implements Document @key(fields: "id") { id: ID! title: String pages: Int }
        """,
        "access": """
            type Query { guarded: [Guarded!] lock: Guarded }
            interface Guarded { owner: String level: Int }
            type Document implements Guarded @key(fields: "id") @interfaceObject { id: ID! owner: String level: Int }
            type Room implements Guarded @key(fields: "number") { number: ID! owner: String level: Int }
        """,
        "rooms": """
            type Room @key(fields: "number") { number: ID! floor: Int }
        """,
    },
)

COMPOUND = Case(
    "io_compound",
    {
        "places": """
            type Query { sites: [Site!]! }
            interface Site @key(fields: "country code") { country: String! code: ID! label: String }
            type Port implements Site @key(fields: "country code") { country: String! code: ID! label: String depth: Int }
            type Mine implements Site @key(fields: "country code") @key(fields: "shaft") {
              country: String! code: ID! label: String shaft: ID!
            }
        """,
        "weather": """
            type Query { stormy: [Site] }
            type Site @key(fields: "country code") @interfaceObject { country: String! code: ID! wind: Float nearest: Site }
        """,
        "ore": """
            type Mine @key(fields: "shaft") { shaft: ID! ore: String }
        """,
    },
)

CHAINED = Case(
    "io_chained",
    {
        "a": """
            type Query { things: [Thing!]! }
            interface Thing @key(fields: "id") { id: ID! size: Int }
            type Box implements Thing @key(fields: "id") { id: ID! size: Int lid: Boolean }
            type Bag implements Thing @key(fields: "id") { id: ID! size: Int handles: Int }
        """,
        "b": """
            type Query { found: Thing }
            type Thing @key(fields: "id") @interfaceObject { id: ID! size: Int @external weight: Int @requires(fields: "size") }
        """,
        "c": """
            type Query { lost: [Thing!]! }
            type Thing @key(fields: "id") @interfaceObject { id: ID! weight: Int @external postage: String @requires(fields: "weight") }
        """,
    },
)

NESTED_REQUIRES = Case(
    "io_nested_requires",
    {
        "staff": """
            type Query { people: [Person!]! }
            interface Person @key(fields: "id") { id: ID! name: String }
            type Cook implements Person @key(fields: "id") { id: ID! name: String dish: String }
            type Clerk implements Person @key(fields: "id") { id: ID! name: String desk: Int }
        """,
        "bonds": """
            type Query { pairs: [Pair!]! }
            type Person @key(fields: "id") @interfaceObject { id: ID! friend: Person friends: [Person!] }
            type Pair @key(fields: "id") { id: ID! left: Person right: Person }
        """,
        "talk": """
            type Person @key(fields: "id") @interfaceObject {
              id: ID! name: String @external friend: Person @external
              greeting: String @requires(fields: "name friend { name }") echo: String @requires(fields: "friend { id }")
            }
        """,
        "tables": """
            type Pair @key(fields: "id") {
              id: ID! left: Person @external right: Person @external
              table: String @requires(fields: "left { id } right { name }")
            }
            interface Person @key(fields: "id") { id: ID! name: String }
            type Cook implements Person @key(fields: "id") { id: ID! name: String @external hat: Int }
            type Clerk implements Person @key(fields: "id") { id: ID! name: String @external }
        """,
    },
)

CASES = [NESTED_REQUIRES, SIMPLE, REQUIRES, NOT_RESOLVABLE, TWO, INDIRECT, SUPER, COMPOUND, CHAINED]
