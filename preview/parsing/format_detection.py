"""Tells the formats of XML apart, by the root and its children (`domain.md` 1, 2)."""

from enum import StrEnum

from preview.parsing.xml_input import Element


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
    children = {child.tag: child for child in root}
    if "Sak" in children:
        return Format.V4
    if "Individ" in children:
        return Format.KOSTRA_15F
    if "Fagsystem" in children or root.get("DatoUttrekk") is not None:
        return Format.V4
    avgiver = children.get("Avgiver")
    return Format.KOSTRA_15F if avgiver is not None and avgiver.get("Versjon") is not None else None
