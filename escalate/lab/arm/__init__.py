"""The lab's Azure Resource Manager: one file per kind of thing it knows; each has `ROUTES`."""
