"""Where calls execute: exchanges on arrival, chains in blocks."""
