"""What a file is and how to read it: bytes in, records out; one file per format, no policy."""
