"""Secret families: one file each, with lines that must hit and lines that must not."""
