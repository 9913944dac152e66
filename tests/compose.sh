#!/usr/bin/env bash
# Does for real what README.md says of docker compose, and worse: kills a node, cuts one off, takes all down and up again.
#
# Where Docker answers and has the images it is used; else a Debian with root gets an engine of its own for as long as this runs, which
# reaches no registry and begins with look-alikes. Whatever happens nothing of it is left behind, but for packages that are named.
# Usage: compose.sh [--release]
# With --release the image is built as its users build it; without it quickly, and what is in it is slow.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$here")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cairn/tools
folder=$(mktemp -d)
# With no optimization at all the kernels would need more stack than a thread has.
quickly='services: { node1: { build: { args: {
    CARGO_PROFILE_RELEASE_OPT_LEVEL: "1", CARGO_PROFILE_RELEASE_LTO: "off", CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "256" } } } }'
[ "${1:-}" != --release ] || quickly='services: { node1: { build: . } }'
echo "$quickly" > "$folder/quickly.yml"
for part in engine images files network chain; do
    # shellcheck source=/dev/null
    . "$here/compose/$part.sh"
done

# A network of the test's own beside any that its user runs, at ports that are free.
export COMPOSE_PROJECT_NAME=cairn-test-$$ CAIRN_IMAGE=cairn-test
# Whoever has compose build does it as quickly: `up --build` takes no arguments for it.
export COMPOSE_FILE=$project/docker-compose.yml:$folder/quickly.yml
export CAIRN_HTTP_PORT=127.0.0.1:0 CAIRN_STRATUM_PORT=127.0.0.1:0 PROMETHEUS_PORT=127.0.0.1:0
# Blocks come faster, so that less time is spent waiting for them.
export CAIRN_PACE=interval=1
unset CAIRN_ADMIN_TOKEN CAIRN_GENESIS_FILE CAIRN_MINE COMPOSE_PROFILES

mark() { printf '== compose, after %d s: %s\n' "$SECONDS" "$*"; }
fail() { echo "compose: $*" >&2; exit 1; }
not_tested() { echo "NOT TESTED: $*"; }

clean_up() {
    local code=$?
    set +e
    if [ -n "${is_up:-}" ]; then
        [ "$code" = 0 ] || { docker compose ps --all; docker compose logs --tail 20; } >&2
        docker compose --profile '*' down --volumes --timeout 5 > /dev/null 2>&1
        [ -n "$engine_pid" ] || docker image rm "$CAIRN_IMAGE" > /dev/null 2>&1
    fi
    engine_stop "$folder"
    rm -rf --one-file-system "$folder"
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

find_tools "$folder"
check_files "$folder"

if [ -z "$own" ]; then
    mark "the engine that is here is used"
else
    lack=$(engine_lacks)
    if [ -n "$lack" ] || ! engine_install "$folder" || ! engine_start "$folder"; then
        not_tested "docker compose: no engine is here that can fetch images, and one of its own lacks ${lack:-what is said above}"
        exit 0
    fi
    mark "an engine of its own runs: $(docker version --format '{{.Server.Version}}')"
    images_make "$folder" "$project"
    mark "base images are made, which look like those of the registry and are not"
fi

docker compose build --quiet
mark "the image is built: $(docker image inspect --format '{{.Size}}' "$CAIRN_IMAGE" | awk '{ printf "%d MB", $1 / 1000000 }')"
is_up=yes
network_comes_up
nodes_find_each_other
nothing_but_the_volume_can_be_written
wallet_pays_by_exec
killed_node_has_every_block
crashed_node_starts_by_itself
cut_off_node_comes_back_to_the_others
miners_are_let_in
figures_are_gathered
network_goes_down_and_up_with_its_chain
mark "all of it holds"
