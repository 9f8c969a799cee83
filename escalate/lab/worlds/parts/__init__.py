"""What the worlds are built of: traffic, logs in their true formats, metrics, tables, answers of the control plane."""
