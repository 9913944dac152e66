#!/usr/bin/env bash
# Holds the document against a running node with tools of others: schemathesis (PyPI) asks all that it describes and
# whatever else it can think of; a client that openapi-typescript (npm) makes of it is compiled, and used.
# Usage: outside.sh CAIRN_BINARY
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cairn=$(realpath "$1")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cairn/tools
work=$(mktemp -d)
node=
trap '[ -z "$node" ] || kill "$node" 2> /dev/null; wait 2> /dev/null; rm -rf "$work"' EXIT
mkdir -p "$cache"

miner=cdev1fz380u2z04lzkdlx26p9zca000n3tqru90pdf9d07pzy3rnga6tqvdz4l8
"$cairn" node --data-dir "$work/data" --genesis "$here/../../genesis.json" --listen off --http 127.0.0.1:0 \
    --mine "$miner" --pace interval=0.5 > "$work/log" 2>&1 &
node=$!
for _ in $(seq 100); do
    url=$(sed -n 's/^answering at \(http[^ ]*\).*/\1/p' "$work/log")
    [ -z "$url" ] || break
    sleep 0.1
done
[ -n "$url" ] || { cat "$work/log"; echo "the node does not answer" >&2; exit 1; }

venv=$cache/schemathesis-4.32.5
if [ ! -x "$venv/bin/schemathesis" ]; then
    rm -rf "$venv"
    { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet schemathesis==4.32.5; } || true
fi
if [ -x "$venv/bin/schemathesis" ]; then
    echo "== schemathesis asks all that the document describes"
    # Streams of events have no end, and no schema that one answer could meet; the operator's side listens elsewhere.
    "$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$url/openapi.json" \
        --checks all --max-examples 50 --seed 1 --exclude-path-regex '^/v1/events|^/admin|^/metrics' --no-color
else
    echo "NOT TESTED: the document by schemathesis, for which Python with venv, and PyPI, are needed"
fi

client=$cache/client
mkdir -p "$client"
cp "$here/client/package.json" "$here/client/tsconfig.json" "$here/client/use.ts" "$client"
if command -v node > /dev/null && (cd "$client" && npm install --silent --no-fund --no-audit); then
    echo "== a client made of the document is compiled, and used"
    (
        cd "$client"
        npx openapi-typescript "$url/openapi.json" --output cairn.d.ts
        npx tsc --project .
        node use.js "$url" "$miner"
    )
else
    echo "NOT TESTED: a client made of the document, for which Node.js, npm and its registry are needed"
fi
