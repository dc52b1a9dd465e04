"""The parts of the world that the market studies share: parameters, hosts, venues, population."""
