"""The PDF that Chromium prints of a page, read back."""

import io
import re

from playwright.sync_api import Page
from pypdf import PdfReader

_COLOR = re.compile(r"(?<![\d.])([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG)\b")
_NUMBER = r"(?:[-−]?\d[\d,.]*(?:[ \u00a0]\d{3})*(?:,\d)?(?:[ \u00a0]%)?|–|:|i\.a\.)"


class PrintedPdf:
    """A printed page: number and size of its sheets, its lines as laid out (all, and by sheet), and all colours."""

    def __init__(self, page: Page) -> None:
        pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
        self.pages = len(pages)
        self.size = tuple(round(float(side)) for side in pages[0].mediabox[2:])
        self.sheets = [
            [line.strip() for line in sheet.extract_text(extraction_mode="layout").splitlines() if line.strip()]
            for sheet in pages
        ]
        self.lines = [line for sheet in self.sheets for line in sheet]
        contents = [
            contents.get_data().decode("latin-1") for sheet in pages if (contents := sheet.get_contents()) is not None
        ]
        self.colors = {match.groups() for content in contents for match in _COLOR.finditer(content)}

    @property
    def text(self) -> str:
        """The whole text, with single spaces."""
        return " ".join(" ".join(self.lines).split())

    def row(self, number: int, label: str) -> tuple[str, str]:
        """Return a field's current and compared value."""
        row = re.compile(rf"{number} +{re.escape(label)} +({_NUMBER})  +({_NUMBER})(?: |$)")
        (found,) = [match for line in self.lines if (match := row.match(line))]
        return found[1], found[2]
