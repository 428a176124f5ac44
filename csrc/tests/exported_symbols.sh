#!/bin/sh
# The shared library exports the functions of functions.def and nothing else, and has the right soname.
#   exported_symbols.sh <library> <functions.def> <soname> <TRAINING|INFERENCE>
# INFERENCE: the library is one for inference only.
set -eu
command -v nm >/dev/null && command -v readelf >/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | LC_ALL=C sort >"$folder/found"
sed -n 's/^PYBP_FUNCTION(\([a-z0-9_]*\), \([A-Z]*\))$/pybp_\1 \2/p' "$2" |
    if [ "$4" = INFERENCE ]; then grep ' INFERENCE$'; else cat; fi | cut -d ' ' -f 1 | LC_ALL=C sort >"$folder/expected"
[ -s "$folder/expected" ]
diff "$folder/expected" "$folder/found"
readelf -d "$1" | grep -qF "Library soname: [$3]"
