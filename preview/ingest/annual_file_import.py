"""Replacing: a 15F file in place of what was held of the same organisation number and year, in all its bydeler (`domain.md` 2.3).

The children in such a file have no id to know them by, so what is held is compared by content: equal cases stay, the others go and come.
Of a bydel that the later file does not tell of nothing is held any more. It has no source of that year then: 34 zeros would say what
nobody has reported.
"""

from datetime import datetime

from preview.core.clock import OSLO, instant_text
from preview.ingest.case_merge import Fold
from preview.model.case_records import Arsfil, Individ
from preview.model.findings import Code
from preview.reports.organizations import organization_of
from preview.storage import cases, organizations
from preview.storage.database import Connection
from preview.storage.organizations import ArskildeRow


class Replacing:
    """What the 15F files of one delivery do; it is counted with what the `Fold` of that delivery does."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold

    def take(self, connection: Connection, arsfiler: list[Arsfil]) -> set[str]:
        """Replaces a year by each file, whole; returns the organisations whose source was changed by this delivery for the first time."""
        marked: set[str] = set()
        for arsfil in arsfiler:
            if arsfil.file > self._fold.done_files:  # else an earlier claim of the delivery has taken it
                marked |= self._take(connection, arsfil)
        return marked

    def _take(self, connection: Connection, arsfil: Arsfil) -> set[str]:
        individer = {part.avgiver.bydelsnummer: part.individer for part in arsfil.deler}
        held = organizations.arskilder(connection, arsfil.organisasjonsnummer, arsfil.aar)
        if any((row.delivery or 0) > self._fold.delivery for row in held.values()):  # deliveries may be read side by side
            self._fold.findings.append(Code.EARLIER_FILE.at(arsfil.file, arsfil.line, "Barnevern"))
            self._fold.counts["unchanged"] += sum(map(len, individer.values()))
            return set()
        for part in arsfil.deler:
            organization_id = organization_of(connection, part.avgiver)
            organizations.ensure_kilde(connection, organization_id, "15f", arsfil.aar)
            if part.avgiver.kommunenummer:
                organizations.put_kommune(connection, organization_id, part.avgiver.kommunenummer, part.avgiver.kommunenavn)
        held = organizations.arskilder(connection, arsfil.organisasjonsnummer, arsfil.aar)
        return {row.organization_id for bydel, row in held.items() if self._replace(connection, row, arsfil, individer.get(bydel, []))}

    def _replace(self, connection: Connection, row: ArskildeRow, arsfil: Arsfil, individer: list[Individ]) -> bool:
        """The cases of one bydel; True where its source is being read from now on."""
        gone = cases.saker_by_innhold(connection, row.kilde)
        if not individer and not gone:  # emptied before
            return False
        come: list[Individ] = []
        for individ in individer:
            if equal := gone.get(individ.digest):
                equal.pop()
            else:
                come.append(individ)
        left = [sak for equal in gone.values() for sak in equal]
        extract = instant_text(datetime(arsfil.aar, 12, 31, 23, 59, 59, tzinfo=OSLO))
        cases.remove(connection, row.kilde, left)
        cases.add(connection, row.kilde, extract, [(individ.innhold, individ.digest) for individ in come])
        organizations.put_extract(connection, row.kilde, extract, extract, "")
        organizations.put_file(connection, row.kilde, self._fold.delivery, arsfil.funn)
        self._count(row.organization_id, len(individer), len(come), len(left))
        if not come and not left and arsfil.funn == row.funn:
            return False
        return organizations.mark_being_read(connection, row.kilde, self._fold.delivery)

    def _count(self, organization_id: str, whole: int, come: int, left: int) -> None:
        """As few as it can have been: who has come in place of another has changed."""
        changed = min(come, left)
        self._fold.counts.update(new=come - changed, changed=changed, removed=left - changed, unchanged=whole - come)
        self._fold.changed[organization_id] += max(come, left)
