"""@requires: nested, with arguments, with fragments, on interfaces, of one another, in circles."""

from __future__ import annotations

from tests.gateway.federation import Case

CHAIN = Case(
    "requires_chain",
    {
        "goods": """
            type Query { goods: [Good!]! good(id: ID!): Good }
            type Good @key(fields: "id") { id: ID! price: Int name: String }
        """,
        "tax": """
            type Good @key(fields: "id") { id: ID! price: Int @external taxed: Int @requires(fields: "price") hasTax: Boolean }
        """,
        "freight": """
            type Good @key(fields: "id") {
              id: ID! taxed: Int @external hasTax: Boolean @external
              freight: Int @requires(fields: "taxed hasTax") weight: Float
            }
        """,
        "offers": """
            type Query { offers: [Good] }
            type Good @key(fields: "id") {
              id: ID! freight: Int @external price: Int @external weight: Float @external
              offer: String @requires(fields: "freight price") label: String @requires(fields: "weight freight")
            }
        """,
    },
)

ARGUMENTS = Case(
    "requires_arguments",
    {
        "rates": """
            type Query { products: [Product!]! }
            type Product @key(fields: "upc") {
              upc: ID! price(currency: String!): Int weight(unit: Unit = GRAM, round: Boolean): Float category: String
            }
            enum Unit { GRAM POUND }
        """,
        "shipping": """
            type Product @key(fields: "upc") {
              upc: ID! price(currency: String!): Int @external category: String @external
              weight(unit: Unit = GRAM, round: Boolean): Float @external
              inEuros: Boolean @requires(fields: "price(currency: \\"EUR\\") category")
              shipping: Int @requires(fields: "weight(unit: POUND, round: true)")
            }
            enum Unit { GRAM POUND }
        """,
    },
)

CONFLICT = Case(
    "requires_conflict",
    {
        "rates": """
            type Query { product: Product products: [Product!] }
            type Product @key(fields: "upc") { upc: ID! price(currency: String!, day: Int): Int category(of: Int): String }
        """,
        "deals": """
            type Product @key(fields: "upc") {
              upc: ID! price(currency: String!, day: Int): Int @external category(of: Int): String @external
              inEuros: Boolean @requires(fields: "price(currency: \\"EUR\\") category(of: 1)")
              inDollars: Boolean @requires(fields: "price(currency: \\"USD\\") category(of: 1)")
              inYen: String @requires(fields: "price(currency: \\"JPY\\", day: 2)")
              deal: Int
            }
        """,
        "more": """
            type Product @key(fields: "upc") {
              upc: ID! price(currency: String!, day: Int): Int @external
              high: Boolean @requires(fields: "price(currency: \\"EUR\\")") low: Boolean @requires(fields: "price(currency: \\"USD\\")")
            }
        """,
    },
)

NESTED = Case(
    "requires_nested",
    {
        "teams": """
            type Query { teams: [Team!]! }
            type Team @key(fields: "id") { id: ID! lead: Player members: [Player!]! home: Stadium }
            type Player @key(fields: "id") { id: ID! name: String }
            type Stadium { seats: Int place: Place }
            type Place { city: String! country: String }
        """,
        "scores": """
            type Player @key(fields: "id") { id: ID! score: Int rank: Rank }
            type Rank { value: Int! title: String }
        """,
        "league": """
            type Query { champions: Team }
            type Team @key(fields: "id") {
              id: ID! lead: Player @external members: [Player!]! @external home: Stadium @external
              power: Int @requires(fields: "lead { score } members { score rank { value } }")
              travels: String @requires(fields: "home { seats place { city } }")
              mixed: String @requires(fields: "home { place { country } } lead { name rank { title } }")
            }
            type Player @key(fields: "id", resolvable: false) { id: ID! name: String @external score: Int @external rank: Rank @external }
            type Rank { value: Int! @external title: String @external }
            type Stadium { seats: Int @external place: Place @external }
            type Place { city: String! @external country: String @external }
        """,
    },
)

FRAGMENTS = Case(
    "requires_fragments",
    {
        "a": """
            type Query { entries: [Entry!]! }
            type Entry @key(fields: "id") { id: ID! data: Data list: [Data!] either: Either }
            interface Data { foo: String! }
            type Bar implements Data { foo: String! bar: String! size: Int }
            type Baz implements Data { foo: String! baz: Int inner: Bar }
            union Either = Bar | Baz
        """,
        "b": """
            type Entry @key(fields: "id") {
              id: ID! data: Data @external list: [Data!] @external either: Either @external
              one: String! @requires(fields: "data { foo ... on Bar { bar } ... on Baz { baz inner { size } } }")
              two: String @requires(fields: "list { ... on Bar { size } ... on Baz { foo } }")
              three: String @requires(fields: "either { ... on Bar { bar } }")
              four: String
            }
            interface Data { foo: String! @external }
            type Bar implements Data { foo: String! @external bar: String! @external size: Int @external }
            type Baz implements Data { foo: String! @external baz: Int @external inner: Bar @external }
            union Either = Bar | Baz
        """,
    },
)

INTERFACE = Case(
    "requires_interface",
    {
        "users": """
            type Query { users: [User!]! someone: Account }
            interface Account { id: ID! address: Address }
            type User implements Account @key(fields: "id") { id: ID! name: String! address: Address }
            type Firm implements Account @key(fields: "id") { id: ID! address: Address tax: String }
            interface Address { id: ID! }
            type Home implements Address @key(fields: "id") { id: ID! city: String }
            type Work implements Address @key(fields: "id") { id: ID! }
        """,
        "addresses": """
            type Home @key(fields: "id") { id: ID! street: String zip: String }
            type Work @key(fields: "id") { id: ID! street: String floor: Int }
        """,
        "delivery": """
            type User @key(fields: "id") {
              id: ID! name: String! @external address: Address @external
              route: String @requires(fields: "address { id }")
              far: String @requires(fields: "name address { ... on Home { city } ... on Work { id } }")
            }
            type Firm @key(fields: "id") { id: ID! address: Address @external stop: String @requires(fields: "address { id }") }
            interface Address { id: ID! }
            type Home implements Address @key(fields: "id") { id: ID! city: String @external }
            type Work implements Address @key(fields: "id") { id: ID! }
        """,
    },
)

CIRCULAR = Case(
    "requires_circular",
    {
        "posts": """
            type Query { feed: [Post!]! }
            type Post @key(fields: "id") { id: ID! by: Author! byNew: Boolean! @external byOld: Boolean! @requires(fields: "byNew") }
            type Author @key(fields: "id") { id: ID! }
        """,
        "authors": """
            type Author @key(fields: "id") { id: ID! years: Int! }
            type Post @key(fields: "id") {
              id: ID! by: Author! @external byNew: Boolean! @requires(fields: "by { years }")
              byOld: Boolean! @external again: String @requires(fields: "byOld")
            }
        """,
    },
)

ON_INTERFACE = Case(
    "requires_on_interface",
    {
        "stock": """
            type Query { items: [Item!]! }
            interface Item { id: ID! size: Size }
            type Chair implements Item @key(fields: "id") { id: ID! size: Size legs: Int }
            type Table implements Item @key(fields: "id") { id: ID! size: Size }
            type Size @shareable { width: Int height: Int }
        """,
        "delivery": """
            interface Item { id: ID! delivery(zip: String): Delivery }
            type Chair implements Item @key(fields: "id") {
              id: ID! size: Size @external legs: Int @external
              delivery(zip: String): Delivery @requires(fields: "size { width height } legs")
            }
            type Table implements Item @key(fields: "id") {
              id: ID! size: Size @external delivery(zip: String): Delivery @requires(fields: "size { width }")
            }
            type Size @shareable { width: Int height: Int }
            type Delivery { price: Int fastest: String }
            type Query { best: Item }
        """,
        "names": """
            type Chair @key(fields: "id") { id: ID! name: String }
            type Table @key(fields: "id") { id: ID! name: String! }
        """,
    },
)

OWN_ROOT = Case(
    "requires_own_root",
    {
        "books": """
            type Query { books: [Book!] }
            type Book @key(fields: "isbn") { isbn: ID! title: String pages: Int }
        """,
        "print": """
            type Query { printed: [Book!]! latest: Book @provides(fields: "pages") }
            type Book @key(fields: "isbn") {
              isbn: ID! title: String @external pages: Int @external
              cover: String @requires(fields: "title") spine: Int @requires(fields: "pages") both: String @requires(fields: "title pages")
            }
        """,
    },
)

KEYS = Case(
    "requires_keys",
    {
        "a": """
            type Query { tickets: [Ticket!]! }
            type Ticket @key(fields: "id") { id: ID! seat: Seat code: String! @shareable }
            type Seat @key(fields: "row number") { row: String! number: Int! }
        """,
        "b": """
            type Ticket @key(fields: "id") @key(fields: "code") { id: ID! code: String! paid: Int owner: Guest }
            type Guest @key(fields: "id") { id: ID! }
            type Seat @key(fields: "row number") { row: String! number: Int! view: String }
        """,
        "c": """
            type Ticket @key(fields: "code") {
              code: String! paid: Int @external seat: Seat @external owner: Guest @external
              refund: Int @requires(fields: "paid seat { view }") greeting: String @requires(fields: "owner { name }")
            }
            type Seat @key(fields: "row number", resolvable: false) { row: String! number: Int! view: String @external }
            type Guest @key(fields: "id") { id: ID! name: String @external }
        """,
        "d": """
            type Guest @key(fields: "id") { id: ID! name: String }
        """,
    },
)

CASES = [CHAIN, ARGUMENTS, CONFLICT, NESTED, FRAGMENTS, INTERFACE, CIRCULAR, ON_INTERFACE, OWN_ROOT, KEYS]
