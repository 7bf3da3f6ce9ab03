"""Questions to the simulated physics alone: a year of an orbit, the power of one orbit, and how far to trust both."""
