"""What weights a vault wants; one file each."""
