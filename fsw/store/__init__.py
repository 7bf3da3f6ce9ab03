"""The recorder: what must survive a power cut.

log       the truth: an append-only log over preallocated segments, a chained CRC per record
ledger    what the log says of jobs: accepted and not final, attempts made
service   bus -> log, one write and one sync a step; at start, the jobs of the earlier run -> bus
index     SQLite beside the log, made from it when somebody asks
state     small named state that other services keep: two generations, CRC, schema version
"""
