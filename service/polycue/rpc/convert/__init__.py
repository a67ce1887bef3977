"""The only place where messages of the API meet the values inside; checks what callers send."""
