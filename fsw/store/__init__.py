"""The recorder: what must survive a power cut.

log        the truth: an append-only log over preallocated segments, a chained CRC per record
ledger     what the log says of jobs: accepted and not final, attempts made
service    bus -> log, one write and one sync a step; at start, the jobs of the earlier run -> bus
index      SQLite beside the log, made from it when somebody asks
state      small named state that other services keep: two generations, CRC, schema version
packets    a packet store of telemetry: a log of its own, the oldest packets overwritten and counted
chapters   what a packet store knows of each segment of its log
retrieval  packets read back, at the pace of the bus
archive    the packet stores as a service: bus -> logs in groups; commands of ST15; logs -> bus in contact
"""
