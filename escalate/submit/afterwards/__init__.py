"""The life of a ticket after it was filed: what it waits for, messages, files, changes."""
