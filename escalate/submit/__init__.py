"""Submit: files the approved ticket exactly once, uploads its files, and goes on where it stopped."""
