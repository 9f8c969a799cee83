"""File types that can be redacted: one file each; a kind without one is withheld."""
