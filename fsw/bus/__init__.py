"""The bus: typed topics, a stated policy for every subscription, and an account of every message.

`topics` names what may be sent and who writes it; `memory` connects services in one process, `zmq` processes.
"""
