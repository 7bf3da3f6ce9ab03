"""The one dictionary: parameters, housekeeping structures, events, commands, failure codes, with stable numbers.

Enters: nothing. Leaves: tables as typed Python (`parameters`, `structures`, `events`, `commands`, `failures`,
`apids`), the octets derived from them (`wire`), and the check that they agree (`check`). Every service and the
ground tool import it; it imports the standard library and `fsw.packets` alone.

A number that has flown is never given to something else: rows are added at the end, or retired, never renumbered.
"""
