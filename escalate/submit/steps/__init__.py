"""The steps of filing, one file each: every one reads the server before it acts, and may be run again at any time."""
