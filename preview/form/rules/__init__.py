"""Kinds of deviation rules (domain 7, docs/domain.md). `rules.toml` holds the rules themselves, with their limits."""

from typing import TypeAlias

from preview.form.rules.changes import FromZero, LargeChange, Missing, SystemChanged, ToZero
from preview.form.rules.source import Inactive, Incomplete, Provisional, SourceHasFindings
from preview.form.rules.values import (
    BelowThreshold,
    Negative,
    PercentageOutOfRange,
    ShareAboveThreshold,
    SubsetExceedsWhole,
    SumMismatch,
)

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
"""A rule of `rules.toml`; its `kind` selects the class."""
