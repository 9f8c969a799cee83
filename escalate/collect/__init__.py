"""Makes the plan and carries it out: everything that touches the target."""
