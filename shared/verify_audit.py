"""Whether a service's audit trail is whole: `python -m services.<name> verify-audit`.

Three witnesses, each of what the one before cannot see. Every document's chain against its head: what was edited, taken out, cut or
reordered. The entries against the documents: what is left of a document that is gone. The anchors against the entries, one another, and
what `events.log` has of them: a chain that was made anew whole, head included.

It works beside the running service: what seems faulty is read again, and only what stays so while its document stands still is a fault.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, fields

from shared.anchors import COLLECTION, LINK, anchor_of, link_of, portions
from shared.audit import AuditEntry, ChainHead, FaultKind, JsonObject, canonical, verify
from shared.mongo import Database
from shared.records import Document, MongoRecords, Records, store_errors

ENTRY_FIELDS = [field.name for field in fields(AuditEntry)]
# Of an outbox only the audit's entries: an event's body stays where it is.
CHAIN = {"auditHead": 1, "auditLength": 1, "outbox.id": 1, "outbox.kind": 1} | {f"outbox.row.{name}": 1 for name in ENTRY_FIELDS}
WALKED_AT_ONCE = 1_000
"""Rows in one answer: left to itself the store sends 16 MB of them."""
AGAIN_SECONDS = (0.0, 0.05, 0.2, 0.5, 1.0, 2.0)

KINDS = {
    FaultKind.EDITED: "内容被改",
    FaultKind.MISSING: "中间缺失",
    FaultKind.CUT: "末尾被截",
    FaultKind.REORDERED: "顺序被改",
    FaultKind.REPEATED: "序号重复",
    FaultKind.UNLINKED: "前后不连",
    FaultKind.SURPLUS: "多出条目",
    "ORPHANED": "文书已不存在",
    "ENTRY GONE": "锚定的条目已不存在",
    "NOT ANCHORED": "自称属于某锚点，而该锚点没有它",
    "NO SUCH ANCHOR": "所属锚点不存在",
    "DIGEST": "摘要不符",
    "NOT IN THE STORE": "events.log 中有而库中没有",
    "NOT AS SENT": "与 events.log 中的不同",
}


@dataclass(frozen=True)
class Found:
    """One fault. `where`: a collection, or `events.log`; `id`: a document's, an entry's, an anchor's number."""

    where: str
    id: str
    kind: str
    number: int | None = None

    def line(self) -> str:
        entry = "" if self.number is None else f" entry {self.number}"
        return f"{self.where} {self.id}{entry}: {self.kind} · {KINDS[self.kind]}"


class Verification:
    """One walk. `chained`: the collections whose documents may have a chain; `sent`: of each anchor in `events.log` the digests, None where
    the stream was not asked. What was seen is counted."""

    def __init__(
        self, database: Database, service: str, chained: Iterable[str], key: bytes, sent: Mapping[int, set[str]] | None = None
    ) -> None:
        self._database = database
        self._audit = database["audit"]
        self._anchors = database[COLLECTION]
        self._service = service
        self._chained = sorted(set(chained))
        self._key = key
        self._sent = sent
        self.documents = 0
        self.entries = 0
        self.anchors = 0

    def beside(self) -> tuple[str, str]:
        """What the stream added to it, in words."""
        if self._sent is None:
            return ", not compared with events.log", "，未与 events.log 核对"
        return f", {len(self._sent)} of them in events.log", f"，其中 {len(self._sent)} 个可在 events.log 中核对"

    async def faults(self) -> AsyncIterator[Found]:
        """All of them, as they are found. Memory does not grow with the trail. Raises StoreTrouble."""
        for name in self._chained:
            async for found in self._chains(name):
                yield found
        last = await self._last()
        async for found in self._strays(last):
            yield found
        async for found in self._anchored(last):
            yield found

    async def _chains(self, name: str) -> AsyncIterator[Found]:
        portion: list[Document] = []
        with store_errors():
            async for document in self._database[name].find({}, CHAIN).batch_size(WALKED_AT_ONCE):
                if _chain_of(document) != ChainHead():
                    portion.append(document)
                if sum(document.get("auditLength", 0) for document in portion) < WALKED_AT_ONCE and len(portion) < 50:
                    continue
                for found in await self._portion(name, portion):
                    yield found
                portion = []
            for found in await self._portion(name, portion):
                yield found

    async def _portion(self, name: str, documents: list[Document]) -> list[Found]:
        rows: dict[str, list[Document]] = defaultdict(list)
        if documents:
            async for row in self._audit.find({"subject": {"$in": [document["_id"] for document in documents]}}):
                rows[row["subject"]].append(row)
        found: list[Found] = []
        for document in documents:
            self.documents += 1
            self.entries += document.get("auditLength", 0)
            if self._chain(name, document, rows[document["_id"]]):
                found += await self._again(name, document["_id"])
        return found

    async def _again(self, name: str, id: str) -> list[Found]:
        """What is faulty while the document's chain stands still: whoever wrote in between has only moved it on."""
        found: list[Found] = []
        for pause in AGAIN_SECONDS:
            await asyncio.sleep(pause)
            before = await self._database[name].find_one({"_id": id}, CHAIN)
            if before is None:
                # Its entries are strays.
                return []
            found = self._chain(name, before, await self._audit.find({"subject": id}).to_list(None))
            after = await self._database[name].find_one({"_id": id}, {"auditHead": 1, "auditLength": 1}) if found else before
            if after is not None and _chain_of(before) == _chain_of(after):
                return found
        return found

    def _chain(self, name: str, document: Document, rows: list[Document]) -> list[Found]:
        """The faults of one document's chain: what was kept, and what is still on its way."""
        id = document["_id"]
        own = {row["_id"]: row for row in rows if row.get("collection", "") in ("", name)}
        for entry in document.get("outbox", []):
            if entry["kind"] == "audit":
                own.setdefault(entry["id"], entry["row"])
        entries, found = [], []
        for row in own.values():
            entry = _readable(row)
            if entry is None:
                found.append(Found(name, id, FaultKind.EDITED))
            else:
                entries.append(entry)
        entries.sort(key=lambda entry: entry.number)
        faults = verify(entries, _chain_of(document), key=self._key, subject=id)
        return found + [Found(name, id, fault.kind, fault.number) for fault in faults]

    async def _last(self) -> int:
        """The highest number of an anchor, in the store or in the stream."""
        with store_errors():
            numbers = [int(row["_id"]) async for row in self._anchors.find({}, {"_id": 1})]
        return max((*numbers, *(self._sent or ())), default=0)

    async def _strays(self, last: int) -> AsyncIterator[Found]:
        """Entries whose document is gone, or says that it has no chain, and entries of an anchor that is none."""
        told: set[tuple[str, str]] = set()
        portion: list[Document] = []
        with store_errors():
            async for row in self._audit.find({}, {"subject": 1, "collection": 1, "anchor": 1}).batch_size(WALKED_AT_ONCE):
                anchor = row.get("anchor")
                if anchor is not None and anchor not in range(1, last + 1) and await self._unknown(anchor):
                    yield Found("audit", row["_id"], "NO SUCH ANCHOR")
                portion.append(row)
                if len(portion) == WALKED_AT_ONCE:
                    for key in await self._ownerless(portion) - told:
                        told.add(key)
                        yield Found(key[0], key[1], "ORPHANED")
                    portion = []
            for key in await self._ownerless(portion) - told:
                yield Found(key[0], key[1], "ORPHANED")

    async def _unknown(self, number: object) -> bool:
        """Not even made meanwhile."""
        return not isinstance(number, int) or await self._anchors.find_one({"_id": str(number)}, {"_id": 1}) is None

    async def _ownerless(self, rows: list[Document]) -> set[tuple[str, str]]:
        """(collection, id) of documents that these entries are of and that are not there."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            wanted[str(row.get("collection", ""))].add(str(row.get("subject", "")))
        missing = {(name, id) for name, ids in wanted.items() if name and name not in self._chained for id in ids}
        for name in self._chained:
            # An entry that does not name its collection may be of any.
            asked = wanted.get(name, set()) | wanted.get("", set())
            there = {id for ids in portions(sorted(asked)) async for id in self._owners(name, ids)}
            missing |= {(name, id) for id in wanted.get(name, set()) - there}
            wanted[""] -= there
        return missing | {("audit", id) for id in wanted[""]}

    async def _owners(self, name: str, ids: list[str]) -> AsyncIterator[str]:
        async for document in self._database[name].find({"_id": {"$in": ids}}, {"auditHead": 1, "auditLength": 1}):
            if _chain_of(document) != ChainHead():
                yield document["_id"]

    async def _anchored(self, last: int) -> AsyncIterator[Found]:
        previous: str | None = ""
        for number in range(1, last + 1):
            with store_errors():
                document = await self._anchors.find_one({"_id": str(number)})
                found = await self._anchor(number, document, previous) if document is not None else []
            sent = (self._sent or {}).get(number, set())
            if document is None:
                found = [Found("events.log", str(number), "NOT IN THE STORE")] if sent else []
                found.append(Found(COLLECTION, str(number), FaultKind.MISSING))
            elif sent - {document.get("digest")}:
                found.append(Found("events.log", str(number), "NOT AS SENT"))
            self.anchors += 1
            previous = document.get("digest") if document is not None else None
            for each in found:
                yield each

    async def _anchor(self, number: int, document: Document, previous: str | None) -> list[Found]:
        """The faults of one anchor. `previous`: the digest of the one before; None where that is missing."""
        named = set(document.get("rows", ()))
        rows = {row["_id"]: row async for row in self._audit.find({"anchor": number}, LINK)}
        # One whose entries are being marked, or were taken back from it: what it names is what it holds.
        for ids in portions(sorted(named - set(rows))):
            rows |= {row["_id"]: row async for row in self._audit.find({"_id": {"$in": ids}}, LINK)}
        found = [Found("audit", id, "ENTRY GONE") for id in sorted(named - set(rows))]
        found += [Found("audit", id, "NOT ANCHORED") for id in sorted(set(rows) - named)]
        try:
            anchor = anchor_of(document, self._service)
            digest = anchor.digest([link_of(rows[id]) for id in named & set(rows)], key=self._key)
        except (KeyError, TypeError, ValueError):
            return [*found, Found(COLLECTION, str(number), FaultKind.EDITED)]
        if digest != document.get("digest") or anchor.number != number:
            found.append(Found(COLLECTION, str(number), "DIGEST"))
        if previous is not None and anchor.previous != previous:
            found.append(Found(COLLECTION, str(number), FaultKind.UNLINKED))
        return found


def _chain_of(document: JsonObject) -> ChainHead:
    return ChainHead(document.get("auditHead", ""), document.get("auditLength", 0))


def _readable(row: Document) -> AuditEntry | None:
    """None where a field is gone, or holds what no entry holds."""
    try:
        entry = AuditEntry.from_document(row)
        canonical(entry.document())
    except (KeyError, TypeError, ValueError):
        return None
    texts = (getattr(entry, name) for name in ENTRY_FIELDS if name not in ("number", "result"))
    return entry if isinstance(entry.number, int) and all(isinstance(text, str) for text in texts) else None


def chained(watched: Iterable[Records]) -> list[str]:
    """Of what a process relays, the names of the collections: whatever has a chain has an outbox."""
    return sorted({records.collection.name for records in watched if isinstance(records, MongoRecords)})


async def report(verification: Verification, say: Callable[[str], None]) -> bool:
    """Say each fault and the whole; False when there is one."""
    faults = 0
    async for found in verification.faults():
        faults += 1
        say(found.line())
    seen = f"{verification.entries} entries of {verification.documents} documents, {verification.anchors} anchors"
    seen_zh = f"{verification.documents} 份文书的 {verification.entries} 条审计记录，{verification.anchors} 个锚点"
    beside, beside_zh = verification.beside()
    if faults:
        say(f"{faults} faults in {seen}{beside} · {seen_zh}{beside_zh}，发现 {faults} 处异常")
    else:
        say(f"whole: {seen}{beside} · {seen_zh}{beside_zh}，完整无缺")
    return faults == 0
