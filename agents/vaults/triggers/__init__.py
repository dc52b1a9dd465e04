"""When a vault trades, and how far; one file each."""
