"""The deviation rules (`domain.md` 7): what each kind looks for. Which rules there are, with their limits, is data: `rules.toml`."""

from typing import TypeAlias

from preview.form.rules.changes import Change, FromZero, Missing, SystemChanged, ToZero
from preview.form.rules.source import Findings, Inactive, Incomplete, Provisional
from preview.form.rules.values import Below, LargePart, Negative, NoShare, Subset, Sum

AnyRule: TypeAlias = (
    Sum
    | Subset
    | NoShare
    | Negative
    | Below
    | LargePart
    | Change
    | FromZero
    | ToZero
    | Missing
    | SystemChanged
    | Inactive
    | Provisional
    | Incomplete
    | Findings
)
"""A rule of `rules.toml`, told by its `kind`."""
