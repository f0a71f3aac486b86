"""What a delivery is: the case system that its files come from, and their newest extract."""

import msgspec

from preview.core.clock import local_date, parse_timestamp
from preview.parsing.messages import Batch
from preview.storage.deliveries import DeliveryRow


def described(row: DeliveryRow, chunk: Batch) -> DeliveryRow:
    """Return the row with the case system and the newest extract of the cases up to the end of a chunk."""
    systems = {folder.case_system for folder in chunk.folders}
    if row.case_system is not None:
        systems.add(row.case_system)
    days = {f"{annual_file.year}-12-31" for annual_file in chunk.annual_files}
    if chunk.folders:
        newest_extract = max(folder.extract_at for folder in chunk.folders)
        days.add(local_date(parse_timestamp(newest_extract)).isoformat())
    if row.extract_day is not None:
        days.add(row.extract_day)
    return msgspec.structs.replace(
        row,
        case_system=(systems.pop() if len(systems) == 1 else "") if systems else None,
        extract_day=max(days, default=None),
    )
