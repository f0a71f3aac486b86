"""What a page prints: the PDF that Chromium makes of it, read back."""

import io
import re

from playwright.sync_api import Page
from pypdf import PdfReader

_COLOR = re.compile(r"(?<![\d.])([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG)\b")
_NUMBER = r"(?:[-−]?\d[\d,.]*(?:[ \u00a0]\d{3})*(?:,\d)?(?:[ \u00a0]%)?|–|:)"


class PrintedPdf:
    """Its pages, its text in lines as they stand on the paper, and every colour of ink and area."""

    def __init__(self, page: Page) -> None:
        pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
        self.pages = len(pages)
        self.size = tuple(round(float(side)) for side in pages[0].mediabox[2:])
        self.lines = [line.strip() for each in pages for line in each.extract_text(extraction_mode="layout").splitlines() if line.strip()]
        contents = [contents.get_data().decode("latin-1") for each in pages if (contents := each.get_contents()) is not None]
        self.colors = {match.groups() for content in contents for match in _COLOR.finditer(content)}

    @property
    def text(self) -> str:
        """All of it, with single spaces."""
        return " ".join(" ".join(self.lines).split())

    def row(self, number: int, label: str) -> tuple[str, str]:
        """A field's current and compared value."""
        row = re.compile(rf"{number} +{re.escape(label)} +({_NUMBER})  +({_NUMBER})(?: |$)")
        (found,) = [match for line in self.lines if (match := row.match(line))]
        return found[1], found[2]
