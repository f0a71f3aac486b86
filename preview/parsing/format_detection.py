"""Detects the format of an XML file by its root element and its children (domain 1 and 2, docs/domain.md)."""

from preview.model.file_format import FileFormat
from preview.parsing.xml_input import Element


def sniff(root: Element) -> FileFormat | None:
    """Return the format of an XML file, or None if it is neither v4 nor 15F.

    A file without cases is recognised by its other elements, so that the finding can say what is missing.
    """
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
