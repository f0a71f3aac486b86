"""Languages of the user interface and of exports: bokmål, nynorsk and English."""

from typing import Literal

Language = Literal["nb", "nn", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "nn", "en")
