"""Types that subgraphs see differently: interfaces, unions, enums, inputs, nullability, what is hidden; roots that are shared."""

from __future__ import annotations

from tests.gateway.federation import Case

ABSTRACT = Case(
    "abstract_types",
    {
        "agency": """
            type Agency @key(fields: "id") { id: ID! name: String! mail: Mail }
            type Mail { address: String }
            type Group @key(fields: "id") { id: ID! name: String }
            type Self @key(fields: "id") { id: ID! mail: String! }
        """,
        "books": """
            type Query { books: [Book] }
            type Book @key(fields: "id") { id: ID! title: String by: Agency publisher: Publisher }
            union Publisher = Agency | Self
            type Agency @key(fields: "id", resolvable: false) { id: ID! }
            type Self @key(fields: "id", resolvable: false) { id: ID! }
        """,
        "magazines": """
            type Query { magazines: [Magazine] printed: [Printed!]! }
            union Printed = Magazine | Book
            type Magazine @key(fields: "id") { id: ID! title: String publisher: Publisher }
            type Book @key(fields: "id", resolvable: false) { id: ID! }
            union Publisher = Agency | Group
            type Agency @key(fields: "id", resolvable: false) { id: ID! }
            type Group @key(fields: "id", resolvable: false) { id: ID! }
        """,
        "products": """
            type Query { products: [Product!]! similar(id: ID!): Product }
            interface Product { id: ID! sku: String dimensions: Size hidden: Boolean createdBy: User }
            interface Similar { similar: [Product] }
            type Book implements Product & Similar @key(fields: "id") {
              id: ID! sku: String dimensions: Size @shareable createdBy: User hidden: Boolean similar: [Product]
            }
            type Magazine implements Product & Similar @key(fields: "id") {
              id: ID! sku: String dimensions: Size @shareable createdBy: User hidden: Boolean similar: [Product]
            }
            type Size @shareable { size: String weight: Float }
            type User @key(fields: "mail") { mail: ID! total: Int }
        """,
        "stock": """
            interface Product { id: ID! dimensions: Size delivery(zip: String): Delivery }
            type Book implements Product @key(fields: "id") {
              id: ID! dimensions: Size @external delivery(zip: String): Delivery @requires(fields: "dimensions { size weight }")
            }
            type Magazine implements Product @key(fields: "id") {
              id: ID! dimensions: Size @external delivery(zip: String): Delivery @requires(fields: "dimensions { size }")
            }
            type Size @shareable { size: String weight: Float }
            type Delivery { estimated: String fastest: String }
        """,
        "reviews": """
            interface Product { id: ID! reviewsCount: Int! score: Float! reviews: [Review!]! }
            type Book implements Product @key(fields: "id") { id: ID! reviewsCount: Int! score: Float! reviews: [Review!]! }
            type Magazine implements Product @key(fields: "id") { id: ID! reviewsCount: Int! score: Float! reviews: [Review!]! }
            type Review { id: Int! body: String! product: Product }
            type Query { review(id: Int!): Review }
        """,
    },
)

MISMATCH = Case(
    "child_type_mismatch",
    {
        "a": """
            type Query { users: [User!]! accounts: [Account!]! }
            type User @key(fields: "id") { id: ID name: String mates: [User] @shareable }
            union Account = User | Admin
            type Admin @key(fields: "id") { id: ID photo: String mates: User }
        """,
        "b": """
            type User @key(fields: "id") { id: ID! similar: [Account!]! mates: [User] @shareable }
            union Account = User | Admin
            type Admin @key(fields: "id") { id: ID name: String! similar: [Account!] }
            type Query { first: Account }
        """,
    },
)

CIRCULAR_INTERFACE = Case(
    "circular_interface",
    {
        "a": """
            type Query { product: Product }
            interface Product { samePrice: Product }
            type Book implements Product @key(fields: "id") { id: ID! samePrice: Book @provides(fields: "price") price: Float @external }
            type Pen implements Product @key(fields: "id") { id: ID! samePrice: Product }
        """,
        "b": """
            type Book @key(fields: "id") { id: ID! price: Float @shareable }
            type Pen @key(fields: "id") { id: ID! ink: String same: [Book!] }
        """,
    },
)

UNION_PARTS = Case(
    "union_intersection",
    {
        "a": """
            type Query { media: Media @shareable book: Media @shareable song: Media viewer: Viewer @shareable }
            union Media = Book | Song
            union ViewerMedia = Book | Song
            type Book { title: String! @shareable }
            type Song @key(fields: "id") { id: ID! title: String! @shareable aSong: Boolean! }
            type Viewer { media: ViewerMedia @shareable book: ViewerMedia @shareable aMedia: [ViewerMedia!] }
        """,
        "b": """
            type Query { media: Media @shareable book: Media @shareable viewer: Viewer @shareable movie: Media }
            union Media = Book | Movie
            union ViewerMedia = Book | Movie
            type Book { title: String! @shareable }
            type Movie @key(fields: "id") { id: ID! title: String! @shareable bMovie: Boolean! }
            type Viewer { media: ViewerMedia @shareable book: ViewerMedia @shareable bMedia: [ViewerMedia] }
        """,
    },
)

DISTRIBUTED = Case(
    "union_interface_distributed",
    {
        "a": """
            type Query { nodes: [Node!]! node(id: ID!): Node @shareable products: [Product!]! toasters: [Toaster!] }
            interface Node { id: ID! }
            union Product = Oven | Toaster
            type Oven @key(fields: "id") { id: ID! }
            type Toaster implements Node @key(fields: "id") { id: ID! warranty: Int }
        """,
        "b": """
            interface Node { id: ID! }
            type Oven implements Node @key(fields: "id") { id: ID! warranty: Int }
            type Query { anyNode: Node }
        """,
        "c": """
            interface Node { id: ID! }
            type Toaster implements Node @key(fields: "id") { id: ID! slots: Int }
            type Kettle implements Node @key(fields: "id") { id: ID! litres: Float twin: Node }
            type Query { kettles: [Node] }
        """,
    },
)

ENUMS = Case(
    "enum_intersection",
    {
        "a": """
            type Query { users: [User!] kinds(of: Kind = REGULAR): [Kind] strict: [Kind!]! }
            type User @key(fields: "id") { id: ID! kind: Kind type: Kind! @shareable }
            enum Kind { ADMIN @inaccessible REGULAR GUEST }
        """,
        "b": """
            type Query { usersB(kind: Kind!): [User!] }
            type User @key(fields: "id") { id: ID! type: Kind! @shareable seen: Int }
            enum Kind { ADMIN REGULAR GUEST }
        """,
    },
)

INPUTS = Case(
    "input_intersection",
    {
        "a": """
            type Query { find(filter: Filter!, first: Int = 2): [Row!] one(filter: Filter): Row }
            type Row @key(fields: "id") { id: ID! kind: Order size(in: Unit = CM): Int }
            input Filter { prefix: String only: Int nested: Inner order: Order = UP }
            input Inner { deep: String! flags: [Boolean!] extra: Int }
            enum Order { UP DOWN }
            enum Unit { CM M }
        """,
        "b": """
            type Query { count(filter: Filter): Int }
            type Row @key(fields: "id") { id: ID! note(filter: Filter, by: [Inner!]): String }
            input Filter { prefix: String nested: Inner order: Order = UP missing: Boolean }
            input Inner { deep: String! flags: [Boolean!] }
            enum Order { UP DOWN }
        """,
    },
)

HIDDEN = Case(
    "inaccessible",
    {
        "a": """
            type Query { ages: [Age!]! thing: Thing things: [Thing!] secret(x: Int): Secret @inaccessible }
            type Age @key(fields: "id") { id: ID! @inaccessible age: Int label(loud: Boolean, code: Int @inaccessible): String }
            union Thing = Age | Secret
            type Secret @inaccessible @key(fields: "id") { id: ID! what: String }
            interface Hint @inaccessible { hint: String }
        """,
        "b": """
            type Age implements Hint @key(fields: "id") {
              id: ID! hint: String age: Int @external next: Age old: Boolean @requires(fields: "age") hiddenOne: Int @inaccessible
            }
            interface Hint { hint: String }
            type Secret @key(fields: "id") { id: ID! other: String }
        """,
    },
)

SHARED_ROOT = Case(
    "shared_root",
    {
        "names": """
            type Query { product: Product @shareable products: [Product] @shareable me: Profile! @shareable }
            type Product { id: ID! @shareable name: Name }
            type Name { id: ID! brand: String! model: String }
            type Profile { nick: String inner: Inner @shareable }
            type Inner { a: Int same: Int @shareable }
        """,
        "prices": """
            type Query { product: Product @shareable products: [Product] @shareable me: Profile! @shareable }
            type Product { id: ID! @shareable price: Price }
            type Price { id: ID! amount: Int! currency: String }
            type Profile { mail: String inner: Inner @shareable }
            type Inner { b: Int same: Int @shareable }
        """,
        "categories": """
            type Query { product: Product @shareable products: [Product] @shareable }
            type Product { id: ID! @shareable category: Category }
            type Category { id: ID! name: String! }
        """,
    },
)

NODE = Case(
    "node",
    {
        "node": """
            type Query { productNode: Node categoryNode: Node nodes: [Node!]! }
            interface Node { id: ID! }
            type Product implements Node @key(fields: "id") { id: ID! }
            type Category implements Node @key(fields: "id") { id: ID! }
        """,
        "types": """
            type Product implements Node @key(fields: "id") { id: ID! name: String! price: Float! }
            type Category implements Node @key(fields: "id") { id: ID! name: String! parent: Node }
            interface Node { id: ID! }
            type Query { best: Product }
        """,
    },
)

CORRUPTED = Case(
    "node_shared",
    {
        "accounts": """
            type Query { account(id: String!): Account node: Node @shareable accounts: [Account!]! }
            interface Node { id: ID! }
            type Account implements Node @key(fields: "id") { id: ID! username: String! }
        """,
        "chats": """
            type Query { chat(id: String!): Chat node: Node @shareable }
            interface Node { id: ID! }
            type Account implements Node @key(fields: "id") { id: ID! chats: [Chat!]! }
            type Chat implements Node @key(fields: "id") { id: ID! account: Account! text: String! replies: [Chat] }
        """,
    },
)

TYPENAMES = Case(
    "typename",
    {
        "a": """
            type Query { union: Product interface: Node users: [User] all: [Thing!]! }
            union Product = Oven | Toaster
            interface Node { id: ID! }
            interface Thing { id: ID! }
            type Oven implements Thing { id: ID! }
            type Toaster implements Node & Thing { id: ID! }
            interface User @key(fields: "id") { id: ID! name: String }
            type Admin implements User @key(fields: "id") { id: ID! name: String admin: Boolean }
            type Member implements User @key(fields: "id") { id: ID! name: String since: Int }
        """,
        "b": """
            type User @key(fields: "id") @interfaceObject { id: ID! posts: [Post!] }
            type Post { by: User title: String }
            type Query { posts: [Post!]! }
        """,
    },
)

CONDITIONS = Case(
    "include_skip",
    {
        "a": """
            type Query { product: Product products: [Product!] }
            type Product @key(fields: "id") { id: ID! price: Float }
        """,
        "b": """
            type Product @key(fields: "id") { id: ID! price: Float @external expensive: Boolean @requires(fields: "price") }
        """,
        "c": """
            type Product @key(fields: "id") {
              id: ID! expensive: Boolean @external skipped: Boolean @requires(fields: "expensive") included: Boolean
            }
        """,
    },
)

SAME_FIELDS = Case(
    "fields_with_arguments",
    {
        "a": """
            type Query { pages(first: Int = 2, tag: String): [Page!]! page(id: ID!): Page }
            type Page @key(fields: "id") { id: ID! text(lines: Int = 1, upper: Boolean): String links(first: Int, kind: Kind = IN): [Page] }
            enum Kind { IN OUT }
        """,
        "b": """
            type Page @key(fields: "id") { id: ID! rank(by: [String!], weights: [[Float]]): Float author(role: Role): Author }
            type Author @key(fields: "id") { id: ID! }
            input Role { name: String = "main", level: Int! }
        """,
        "c": """
            type Author @key(fields: "id") { id: ID! name(short: Boolean = false): String! text(lines: Int): String }
        """,
    },
)

INTERFACE_CHAIN = Case(
    "interfaces_of_interfaces",
    {
        "a": """
            type Query { resources: [Resource!]! files: [File] }
            interface Resource { id: ID! }
            interface File implements Resource { id: ID! bytes: Int }
            type Image implements File & Resource @key(fields: "id") { id: ID! bytes: Int width: Int }
            type Text implements File & Resource @key(fields: "id") { id: ID! bytes: Int }
            type Folder implements Resource @key(fields: "id") { id: ID! entries: [Resource!] }
        """,
        "b": """
            interface Resource { id: ID! owner: String }
            interface Readable { pages: Int! }
            type Image implements Resource @key(fields: "id") { id: ID! owner: String }
            type Text implements Resource & Readable @key(fields: "id") { id: ID! owner: String pages: Int! parent: Folder }
            type Folder implements Resource @key(fields: "id") { id: ID! owner: String first: Readable }
        """,
    },
)

CASES = [
    ABSTRACT,
    MISMATCH,
    CIRCULAR_INTERFACE,
    UNION_PARTS,
    DISTRIBUTED,
    ENUMS,
    INPUTS,
    HIDDEN,
    SHARED_ROOT,
    NODE,
    CORRUPTED,
    TYPENAMES,
    CONDITIONS,
    SAME_FIELDS,
    INTERFACE_CHAIN,
]
