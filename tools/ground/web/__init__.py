"""`penumbra gnd web`: a page for those who have no terminal, read-only, from this computer alone unless told otherwise.

Telemetry comes in by `feed` (a thread), is kept by the console's picture, and goes out by `server` as the two JSON
documents that `told` makes of it; `sky` says where the spacecraft is. `assets` is the page itself: no framework,
nothing from elsewhere. Nothing that a browser sends reaches the spacecraft: there is no code for it, and no key is
opened.
"""
