"""Code lists of the formats, as far as fields read them: each code as written and as stored.

A list holds the codes of all versions, whatever years they were valid in (domain 1, Codes, docs/domain.md). KOSTRA 15F
uses the same lists except for the two that have its name.
"""

MELDING_KONKLUSJON = {str(code): code for code in range(1, 11)}
UNDERSOKELSE_KONKLUSJON = {str(code): code for code in range(1, 10)}
KOSTRA_MELDING_KONKLUSJON = {str(code): code for code in range(1, 5)}
KOSTRA_UNDERSOKELSE_KONKLUSJON = {str(code): code for code in range(1, 7)}
PLANTYPE = {str(code): code for code in range(1, 9)}
OPPHEVELSE = {str(code): code for code in range(1, 5)}
INNVILGET = {"1": True, "2": False}

_KATEGORI = (
    "1.1 1.2 1.99",
    "2.1 2.2 2.3 2.4 2.5 2.6 2.99",
    "3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.10 3.99",
    "4.1 4.2 4.3 4.4 4.5 4.6 4.7 4.8 4.9 4.99",
    "5.1 5.2 5.3 5.4 5.99",
    "6.1 6.2 6.3 6.4 6.99",
    "7.1 7.2 7.3 7.99",
    "8.1 8.2 8.3 8.4 8.5 8.99",
)
KATEGORI = {code: code for row in _KATEGORI for code in row.split()}

_ARSAK_FRA = (
    "1.1.1 1.1.2 1.1.3 1.1.4 1.1.5",
    "1.2.1 1.2.2 1.2.3 1.3",
    "2.1 2.2 2.3 2.4 2.5 2.6 2.7 2.8 2.9",
)
ARSAK_FRA = {code: code for row in _ARSAK_FRA for code in row.split()}
FLYTTING_TIL = {str(code): str(code) for code in range(1, 10)}
