"""Tests of loading, checking and formatting the texts of the user interface."""

from pathlib import Path

import pytest

from preview.core.errors import CatalogueError
from preview.core.languages import LANGUAGES
from preview.i18n.catalog import MessageCatalog

GOOD = dict.fromkeys(LANGUAGES, '[a]\nb = "{count} of {whole}"\nc = "Plain"\n')


def load(folder: Path, **changed: str) -> MessageCatalog:
    """Return the texts of a folder with `GOOD` in every language that is not given."""
    for language, content in (GOOD | changed).items():
        (folder / language).mkdir(exist_ok=True)
        (folder / language / "some.toml").write_text(content, encoding="utf-8")
    return MessageCatalog.load(folder)


def test_program_texts_are_valid() -> None:
    assert "deviation.funn.tag" in MessageCatalog.load().keys


def test_text_is_found_by_dotted_key(tmp_path: Path) -> None:
    texts = load(tmp_path, nn='[a]\nb = "{count} av {whole}"\nc = "Rein"\n')
    assert texts.keys == {"a.b", "a.c"}
    assert texts.get("nn", "a.c") == "Rein"
    assert texts.get("en", "a.b", count=1480, whole="all") == "1,480 of all"


def test_numbers_days_and_periods_are_formatted_by_language(tmp_path: Path) -> None:
    text = 'a = "{n} {n:+} {n:%} {n:+%} {d:day} {p:period}"'
    texts = load(tmp_path, nb=text, nn=text, en=text)
    params: dict[str, float | str] = {"n": 1480.5, "d": "2026-03-25", "p": "2024-H2"}
    assert (
        texts.get("nb", "a", **params)
        == "1\u00a0480,5 +1\u00a0480,5 1\u00a0480,5\u00a0% +1\u00a0480,5\u00a0% 25. mars 2026 2. halvår 2024"
    )
    assert texts.get("en", "a", **params) == "1,480.5 +1,480.5 1,480.5% +1,480.5% 25 March 2026 H2 2024"
    assert (
        texts.get("nn", "a", n=-3, d="2026-05-17", p="2024")
        == "\u22123 \u22123 \u22123\u00a0% \u22123\u00a0% 17. mai 2026 2024"
    )
    assert texts.get("nb", "a", n=0, d="2026-05-17", p="2024-H1") == "0 0 0\u00a0% 0\u00a0% 17. mai 2026 1. halvår 2024"


def test_missing_param_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="whole"):
        load(tmp_path).get("nb", "a.b", count=1)


@pytest.mark.parametrize(
    ("english", "message"),
    [
        ('[a]\nb = "{count} of {whole}"\n', "a.c is missing in en"),
        ('[a]\nb = "{count} of {all}"\nc = "Plain"\n', "a.b does not have the same placeholders"),
        ('[a]\nb = "{count:%} of {whole}"\nc = "Plain"\n', "a.b does not have the same placeholders"),
        ('[a]\nb = "{count:x} of {whole}"\nc = "Plain"\n', "a.b has the unknown placeholder {count:x}"),
        ('[a]\nb = "{} of {whole}"\nc = "Plain"\n', "a.b has the unknown placeholder {:}"),
        ('[a]\nb = "{count of {whole}"\nc = "Plain"\n', "a.b"),
        ('[a]\nb = "{count} of {whole}"\nc = " "\n', "a.c in en/some.toml is empty or not a string"),
        ('[a]\nb = "{count} of {whole}"\nc = 1\n', "a.c in en/some.toml is empty or not a string"),
        ("[a", "en/some.toml cannot be read"),
    ],
)
def test_error_names_file_and_key(tmp_path: Path, english: str, message: str) -> None:
    with pytest.raises(CatalogueError) as raised:
        load(tmp_path, en=english)
    assert message in raised.value.detail


def test_repeated_key_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "nb").mkdir()
    (tmp_path / "nb" / "other.toml").write_text('[a]\nc = "Plain"\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"a\.c in nb/some\.toml is a duplicate"):
        load(tmp_path)


def test_unknown_language_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "se").mkdir()
    (tmp_path / "se" / "other.toml").write_text("", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"se/other\.toml is not in the folder of a known language"):
        load(tmp_path)
