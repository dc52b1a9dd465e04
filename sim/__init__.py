"""The engine: one clock, one ledger, hosts, feeds, keyed draws and records."""
