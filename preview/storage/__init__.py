"""The SQLite store: connections, transactions, schema and all SQL but that of the form's fields."""
