"""Memory that the ground can look into by name (ST06): files of the active model packages, and tables.

Enters: commands of service 6 and `list_memories`. Leaves: reports with octets, checksums and hashes. Nothing is
written. Imports the bus and the dictionary, no other service.

registry   which memories there are, and how each is read
service    the commands, with so many octets a step
"""
