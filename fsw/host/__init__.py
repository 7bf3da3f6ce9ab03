"""The spacecraft that carries the payload, as heard: power granted, heartbeat, safing, notice before power-off.

watch      pure: messages and time -> what the host said last, and what changed
service    the host port -> HOST and events; HOST_REPORT -> the host
"""
