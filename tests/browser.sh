#!/usr/bin/env bash
# Goes through the explorer as people do: a devnet, and Debian's Chromium before it.
# Usage: browser.sh CAIRN_BINARY
# Pictures of all pages go to $CAIRN_PICTURES, or a folder of the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cairn=$(realpath "$1")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cairn/tools
tools=$cache/browser
pictures=${CAIRN_PICTURES:-$cache/pictures}
work=$(mktemp -d)
devnet=
trap '[ -z "$devnet" ] || kill -TERM "$devnet" 2> /dev/null; wait 2> /dev/null; rm -rf "$work"' EXIT

not_tested() { echo "NOT TESTED: the explorer in a browser, for which $1"; exit 0; }

command -v node > /dev/null && command -v npm > /dev/null || not_tested "Node.js and npm are needed"
if ! command -v chromium > /dev/null; then
    [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || not_tested "Chromium is needed"
    echo "== Debian's Chromium is fetched"
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core; } > "$work/apt" 2>&1 \
        || { tail -n 5 "$work/apt"; not_tested "Chromium is needed, and Debian does not give it"; }
fi
mkdir -p "$tools" "$pictures"
# Modules are looked for beside whoever imports them.
cp -r "$here/browser/." "$tools"
(cd "$tools" && npm install --silent --no-fund --no-audit) || not_tested "playwright-core and axe-core from npm are needed"

"$cairn" devnet --data-dir "$work/devnet" --port 0 --mining manual > "$work/log" 2>&1 &
devnet=$!
for _ in $(seq 300); do
    ! grep -q "^ready after" "$work/log" || break
    kill -0 "$devnet" 2> /dev/null || break
    sleep 0.1
done
grep -q '^ready after' "$work/log" || { cat "$work/log"; echo "the devnet does not begin" >&2; exit 1; }

desk=$(sed -n 's/^look .* the chain, \(http[^ ]*\) all nodes/\1/p' "$work/log")
node=$(sed -n 's/^0  *\(http[^ ]*\).*/\1/p' "$work/log")
echo "== the explorer in $(chromium --version --no-sandbox 2> /dev/null || echo Chromium), pictures in $pictures"
cd "$tools"
CAIRN="$cairn" CAIRN_SOURCE="$(dirname "$here")" CAIRN_NODE="$node" CAIRN_DESK="$desk" CAIRN_PICTURES="$pictures" \
    node --test --test-concurrency=1 --test-reporter=spec
