"""Model packages on the desk: run one on a file, check one against its goldens, list those that ship.

Enters: package folders, files with images or tables. Leaves: outputs, tables on the terminal. May import `fsw.infer`
and `hal`. `train` holds the scripts that made the shipped packages; nothing else here needs what they need.
"""
