"""Really running, really sick processes to try things on; everything listens on loopback only."""
