"""In which order a builder takes what waits for a block; one policy a file."""
