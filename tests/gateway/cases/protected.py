"""A graph that shows some fields to some readers only. Composition allows no demands on interfaces: their types make them."""

from __future__ import annotations

from tests.gateway.federation import Case

LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@shareable", "@authenticated", "@requiresScopes"])
"""
ACCOUNTS = (
    LINK
    + """
type Query {
  me: Person
  people: [Person!]!
  named: [Named!]!
  vault: Vault @authenticated
  secretOf(id: ID!): String @requiresScopes(scopes: [["a", "b"], ["root"]])
}
interface Named { name: String }
type Person implements Named @key(fields: "id") {
  id: ID!
  name: String @authenticated
  nick: String!
  email: String @requiresScopes(scopes: [["mail"]])
}
type Robot implements Named { name: String }
type Vault @requiresScopes(scopes: [["vault"]]) { code: String }
"""
)
SALARIES = (
    LINK
    + """
type Person @key(fields: "id") {
  id: ID!
  salary: Int @requiresScopes(scopes: [["money"]])
  grade: Int! @requiresScopes(scopes: [["money"]])
}
"""
)
NAMED = [{"__typename": "Person", "id": "P9", "name": "Ann"}, {"__typename": "Robot", "name": "R2"}]
PROTECTED = Case("protected", {"accounts": ACCOUNTS, "salaries": SALARIES}, fixed={"Query.named": NAMED}, link=False)
CASES = (PROTECTED,)
