"""Keeps the processes of the flight alive, and proves that their work goes through.

ladder      pure: what to do about the next failure, and how long to wait; budgets that survive a restart
notify      the sd_notify protocol, both ends: systemd serves it in flight, the supervisor elsewhere
liveness    pure: the token that must have gone through sensing, guard and telemetry before the watchdog is fed
child       one process: start, watch, abort, kill, reap
supervisor  all processes of a table
"""
