"""Where Hive Gateway 2.15.1 answers differently, and why. In each of these one server that has everything answers as we do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """`sign` stands in one of its error messages; `""`: it gives other data, without an error that says why. `case` `*`: any."""

    case: str
    sign: str
    reason: str

    def explains(self, case: str, answer: dict[str, Any]) -> bool:
        if self.case not in ("*", case):
            return False
        messages = [str(each.get("message")) for each in answer.get("errors") or ()]
        return any(self.sign in each for each in messages) if self.sign else not messages


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "external_unused",
        "is not defined",
        "it drops the declaration of a variable that only a condition under @provides uses, so the subgraph refuses the document",
    ),
    Difference("fed1_extends", "is not defined", "the same: a condition's variable is not declared"),
    Difference("fed1_extension", "is not defined", "the same: a condition's variable is not declared"),
    Difference("fed2_extends", "is not defined", "the same: a condition's variable is not declared"),
    Difference("provides_nested", "is not defined", "the same: a condition's variable is not declared"),
    Difference(
        "enum_intersection", "", "it passes a value on that the public enum does not have; the specification makes that an error and null"
    ),
    Difference("hidden", "", "it passes a value on that the public enum does not have; the specification makes that an error and null"),
    Difference(
        "interfaces_of_interfaces",
        'Cannot query field "owner" on type "File"',
        "composition leaves an interface without a field of the interface it implements; we complete that, it cannot be asked there",
    ),
    Difference(
        "io_indirect",
        "Cannot return null for non-nullable field Car.premium.",
        "it does not find a field of an interface object from a subgraph that does not know the interface",
    ),
    Difference("io_indirect", "", "the same, where the field may be null"),
    Difference(
        "io_requires", "was asked for without name, which it requires", "it asks an interface object for a field without what that requires"
    ),
    Difference(
        "io_requires",
        "Named.name of subgraph logins is external",
        "it takes a field from the interface object that is external there: composition leaves the mark out, we infer it",
    ),
    Difference("io_simple", "", "it does not fetch an interface object's fields of objects found by another subgraph"),
    Difference(
        "io_super",
        "can never be of type",
        "composition does not say that an interface object's types implement what it implements; we complete that",
    ),
    Difference(
        "io_super",
        "was resolved to a non-object type",
        "it does not find out the type of an interface object that is met as another interface",
    ),
    Difference("keys_complex", "got a representation without any key of ProductList", "it sends a representation whose key is null"),
    Difference("keys_hops", "", "it does not fetch the rest of a value that two subgraphs share"),
    Difference("keys_parent", "", "it does not fetch the rest of a value that two subgraphs share, by the entity above it"),
    Difference(
        "provides",
        "is external: it was neither sent nor provided",
        "it asks a subgraph for an external field by a path where it is not provided",
    ),
    Difference(
        "provides_interface",
        "is external: it was neither sent nor provided",
        "it asks a subgraph for an external field by a path where it is not provided",
    ),
    Difference("requires_arguments", "", "it fetches a required field without its second argument"),
    Difference(
        "requires_circular",
        "Cannot return null for non-nullable field Post.byNew.",
        "it does not fetch what a required field requires itself",
    ),
    Difference("requires_circular", "cannot be satisfied by the subschemas", "the same, found before it asks"),
    Difference("requires_fragments", "type.getFields is not a function", "it cannot read a @requires with fragments on a union"),
    Difference("requires_keys", "", "it takes a null in what is required for a reason not to ask; null is a value that a resolver may see"),
    Difference("requires_keys", "cannot be satisfied by the subschemas", "it does not find the way to a required field over two entities"),
    Difference("requires_nested", "was asked for without rank, which it requires", "it does not fetch a required field of an entity below"),
    Difference(
        "requires_nested", "", "it takes a null in what is required for a reason not to ask; null is a value that a resolver may see"
    ),
    Difference("shared", "", "it does not ask a second subgraph for the rest of a shared value in a list"),
    Difference("shared_root", "", "it does not ask a second subgraph for the rest of a list that is a shared root field"),
    Difference(
        "union_interface_distributed",
        "Cannot return null for non-nullable field Toaster.id.",
        "it loses the key of an object that it meets as two abstract types",
    ),
    Difference("io_compound", "", "it does not fetch an interface object's fields of objects found by another subgraph"),
    Difference(
        "io_nested_requires",
        "was asked for without name, which it requires",
        "it does not fetch a required field of an interface object below",
    ),
    Difference("io_nested_requires", "cannot be satisfied by the subschemas", "the same, found before it asks"),
    Difference("io_nested_requires", "", "it does not fetch an interface object's fields of objects found by another subgraph"),
    Difference("io_not_resolvable", "was resolved to a non-object type", "it does not find out the type of an interface object in a list"),
    Difference("io_requires", "", "it does not fetch an interface object's fields of objects found by another subgraph"),
    Difference("io_simple", "Cannot return null for non-nullable field Voter.name.", "it loses fields of an interface object's values"),
    Difference("provides_interface", "Cannot return null for non-nullable field Dog.id.", "it loses the key of an object of an interface"),
    Difference(
        "fed1_resolvable",
        "Product.upc of subgraph a is external",
        "it takes a field from a subgraph where it is external: composition leaves the mark out, we infer it",
    ),
)

# Where it asks subgraphs fewer times for the same answer.
FEWER = {
    "override_interface": "it asks the subgraph for the field whose place another subgraph has taken; only by chance it is the same here",
}
