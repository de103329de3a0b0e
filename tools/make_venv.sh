#!/bin/sh
# Makes a virtual environment with the first Python from 3.11 on; where Debian has split venv off, installs that part.
set -eu
target=$1

for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "${python:-}" ]; then
    echo "mottomo needs Python 3.11 or newer; none was found. Set PYTHON=/path/to/python3." >&2
    exit 1
fi

echo "Making a virtual environment in $target with $("$python" --version) ..."
if "$python" -m venv "$target" >/dev/null 2>&1; then
    exit 0
fi
rm -rf "$target"
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "This Python lacks its venv module; installing Debian's python$version-venv ..."
    apt-get update -qq
    apt-get install -y -qq "python$version-venv" >/dev/null
    "$python" -m venv "$target"
else
    echo "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2
    exit 1
fi
