"""Tells the formats of XML apart, by the root and its children (`domain.md` 1, 2)."""

from preview.model.file_format import FileFormat
from preview.parsing.xml_input import Element


def sniff(root: Element) -> FileFormat | None:
    """None where it is neither. A file that lacks its cases is told by what else it has, so that the refusal can say what lacks."""
    if root.tag != "Barnevern":
        return None
    children = {child.tag: child for child in root}
    if "Sak" in children:
        return FileFormat.V4
    if "Individ" in children:
        return FileFormat.KOSTRA_15F
    if "Fagsystem" in children or root.get("DatoUttrekk") is not None:
        return FileFormat.V4
    avgiver = children.get("Avgiver")
    return FileFormat.KOSTRA_15F if avgiver is not None and avgiver.get("Versjon") is not None else None
