"""One file per verb; the only room that draws on the terminal."""
