"""The deviation rules (`domain.md` 7): what each kind looks for. Which rules there are, with their limits, is data: `rules.toml`."""

from typing import TypeAlias

from preview.form.rules.changes import FromZero, LargeChange, Missing, SystemChanged, ToZero
from preview.form.rules.source import Inactive, Incomplete, Provisional, SourceHasFindings
from preview.form.rules.values import BelowThreshold, Negative, PercentageOutOfRange, ShareAboveThreshold, SubsetExceedsWhole, SumMismatch

AnyRule: TypeAlias = (
    SumMismatch
    | SubsetExceedsWhole
    | PercentageOutOfRange
    | Negative
    | BelowThreshold
    | ShareAboveThreshold
    | LargeChange
    | FromZero
    | ToZero
    | Missing
    | SystemChanged
    | Inactive
    | Provisional
    | Incomplete
    | SourceHasFindings
)
"""A rule of `rules.toml`, told by its `kind`."""
