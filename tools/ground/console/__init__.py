"""`penumbra gnd console`: the whole mission in one terminal.

`picture` is what is known (pure), `panes` and `braille` draw it as text (pure), `language` is what a person types
(pure), `conversation` speaks with the spacecraft in a thread of its own, `app` is the screen.
"""
