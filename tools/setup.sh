#!/bin/sh
# Makes .venv with what is locked in the file given, and Penumbra itself in place. Run by `make`, from the top folder.
# Names the Debian package of whatever the machine lacks. Needs no C compiler: the Python twin of the native part serves.
set -eu
lock=$1
log=.venv/setup.log

fail() {
    echo "set-up: $1" >&2
    exit 1
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in python3 python3.11 python3.12 python3.13 python3.14; do
        if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is missing; on Debian: apt-get install python3 python3-venv"
}

make_environment() {
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python lacks its venv module; on Debian: apt-get install python$version-venv"
    "$python" -m venv .venv || fail "$python cannot make .venv; on Debian: apt-get install python$version-venv"
}

# One dot a package while pip works; its whole output is kept, and shown without addresses when it fails.
install() {
    { .venv/bin/python -m pip --disable-pip-version-check install --no-input "$@" 2>&1 && echo "set-up: installed"; } |
        tee "$log" | awk '/^(Collecting|Processing|Building)/ {printf "."; fflush()} END {print ""}'
    tail -n 1 "$log" | grep -q '^set-up: installed$' && return
    tail -n 12 "$log" | sed -e 's#[a-z+]*://[^ ,)]*#(address)#g' -e "s#host='[^']*'#host=(name)#g" >&2
    fail "pip could not install $*; all that it said is in $log"
}

.venv/bin/python -m pip --version >/dev/null 2>&1 || make_environment
new_enough .venv/bin/python || fail ".venv has a Python older than 3.11; remove it with: make clean"
printf 'set-up: %s packages of %s ' "$(sed -n 's/==.*//p' "$lock" | sort -u | wc -l)" "$lock"
install --require-hashes --requirement "$lock"
printf 'set-up: penumbra in place '
install --no-deps --no-build-isolation --editable .
