"""The one store: SQLite in the data folder. The only SQL besides the catalogue's."""
