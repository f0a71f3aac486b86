"""Statistics Norway's checks for Barnevern v4 (Kravspesifikasjon.md), evaluated while a file is parsed.

A check is data (`checks.toml`). Its condition is in the module of the element that it is about, under its id. A check
changes nothing of what is stored or counted: the source's ERROR becomes a warning, and what is less severe a notice
(domain 10, docs/domain.md).
"""
