"""Tells the formats of XML apart, by the root and its children (`domain.md` 1, 2)."""

from enum import StrEnum

from preview.readers.xml_input import Element


class Format(StrEnum):
    """What a file can be. `contract.md` (Deliveries) shows it as the delivery's `format`."""

    V4 = "v4"
    KOSTRA_15F = "15f"
    FIGURES = "figures"
    ORGANIZATIONS = "organizations"


def sniff(root: Element) -> Format | None:
    """None where it is neither. A file that lacks its cases is told by what else it has, so that the refusal can say what lacks."""
    if root.tag != "Barnevern":
        return None
    if root.find("Sak") is not None:
        return Format.V4
    if root.find("Individ") is not None:
        return Format.KOSTRA_15F
    if "DatoUttrekk" in root.attrib or root.find("Fagsystem") is not None:
        return Format.V4
    avgiver = root.find("Avgiver")
    return Format.KOSTRA_15F if avgiver is not None and "Versjon" in avgiver.attrib else None
