"""The generated code of the API; made from ``proto/`` by ``make proto``, never edited."""
