"""Statistics Norway's controls for Barnevern v4 (Kravspesifikasjon.md), evaluated at the door on what is parsed and not kept.

A control is data (`controls.toml`); what it looks at stands in the file of its element, under its id. A control changes nothing of what is
kept or counted: where the source says ERROR it warns, and where it says less it notes (`domain.md` 10).
"""
