"""Writes the table of settings into a Markdown file, between the lines that mark its place."""

import sys
from pathlib import Path

from preview.settings import SETTINGS

START = "<!-- settings: written by make fix -->"
END = "<!-- end of settings -->"


def settings_table() -> str:
    """A Markdown table with every setting: name, default, what it must be, what it does."""
    rows = ["| setting | default | must be | what it does |", "|---|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.text(setting.default)}`" if setting.default not in (None, (), "") else "none"
        rows.append(f"| `{setting.name}` | {default} | {setting.meta.title} | {setting.meta.description} |")
    return "\n".join(rows)


def with_table(text: str) -> str:
    """The text with the table renewed. Raises `ValueError` where the two lines that mark its place are not there."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"The file needs the lines {START} and {END}.")
    return f"{before}{START}\n{settings_table()}\n{END}{after}"


def main() -> int:
    """Gives the exit code."""
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
