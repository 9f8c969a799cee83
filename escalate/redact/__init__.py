"""Turns evidence into Sealed or Withheld, and nothing else."""
