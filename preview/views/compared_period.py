"""Which period a preview is compared with, where the request does not say."""

from preview.core.periods import Period


def compared_period(period: Period, requested: Period | None) -> tuple[Period, bool]:
    """Return the period to compare with, and whether it is the default.

    It is the requested one, if it is another period of the same length (rule 7.2, docs/domain.md); else the prior
    period (rule 2b, docs/api.md).
    """
    if requested is None or requested == period or not requested.is_as_long_as(period):
        return period.prior, True
    return requested, False
