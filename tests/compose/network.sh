# The network as a whole: it comes up, its nodes find each other, strangers mine on it, it is watched, it goes down and up. Sourced.

nodes=(node1 node2 node3 node4)

# The command in a node's container, without a terminal.
cairn_in() {
    local node=$1
    shift
    docker compose exec -T "$node" cairn "$@"
}

# Asks a node how far it is: sets `height` and `tip`.
stand() {
    local said
    said=$(cairn_in "$1" ready --json 2> /dev/null) || return 1
    height=$(sed -n 's/^ *"height": \([0-9]*\).*/\1/p' <<< "$said")
    tip=$(sed -n 's/^ *"tip": "\([0-9a-f]*\)".*/\1/p' <<< "$said")
    [ -n "$height" ] && [ -n "$tip" ]
}

# A path below a published port. Usage: ask SERVICE PORT PATH
ask() {
    in_network curl -sS --max-time 10 --retry 3 "http://$(docker compose port "$1" "$2")$3"
}

# What README.md says that a command answers, as a pattern for what it does.
readme_says() {
    awk -v command="\$ $1" '$0 == command { found = 1; next } found && (/^\$ / || /^```/) { exit } found' "$project/README.md" \
        | sed -E 's/[][(){}.*+?^$|\\]/\\&/g; s/[0-9a-f]{64}/[0-9a-f]{64}/g; s/("height":)[0-9]+/\1[0-9]+/; s/…/.*/'
}

# Fails where a command's answer is another than README.md says. Usage: is_as_written COMMAND ANSWER
is_as_written() {
    local pattern
    pattern=$(readme_says "$1")
    [ -n "$pattern" ] || fail "README.md does not say what $1 answers"
    grep -Eqx "$pattern" <<< "$2" || fail "README.md is untrue, as $1 answers: $2"
}

# Waits until a command says yes. Usage: wait_for SECONDS WHAT COMMAND…
wait_for() {
    local until=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || fail "in vain it was waited for $what"
        sleep 0.3
    done
}

# Whether node1 has this block at this height of the branch that it follows. Usage: is_block HEIGHT HASH
is_block() { ask node1 9330 "/v1/blocks/$1" | grep -q "\"hash\":\"$2\""; }

# Whether nodes are as far as node1 was, on the same branch: blocks come while they are asked.
follow() {
    local node height tip first
    stand node1 && first=$height
    for node in "$@"; do
        stand "$node" && [ "$height" -ge "$first" ] && is_block "$height" "$tip" || return 1
    done
}

network_comes_up() {
    # What was built before is not built again.
    docker compose up --build --detach --wait --wait-timeout 180
    is_as_written "curl -s http://127.0.0.1:9330/v1/tip" "$(ask node1 9330 /v1/tip)"
    mark "four nodes are healthy, three of them since the first was"
}

knows_three() { [ "$(cairn_in "$1" peers list --json | grep -c '"direction"')" = 3 ]; }

nodes_find_each_other() {
    local node
    for node in "${nodes[@]}"; do wait_for 60 "$node to be connected to three others" knows_three "$node"; done
    mark "each is connected to the three others, though three were told of one alone"
    wait_for 60 "a first block" height_above node1 0
    wait_for 60 "one branch" follow "${nodes[@]}"
    mark "all follow one branch"
}

nothing_but_the_volume_can_be_written() {
    local id
    id=$(docker compose exec -T node1 id -u)
    [ "$id" = 9333 ] || fail "the node runs as user $id"
    ! docker compose exec -T node1 touch /usr/local/bin/other 2> /dev/null || fail "the root can be written"
    docker compose exec -T node1 touch /data/other /tmp/other
    [ "$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.title"}}' "$CAIRN_IMAGE")" = Cairn ]
    mark "a node is not root, and can write nothing but its volume"
}

# Asks for work over Stratum as a miner does.
has_work() {
    local place
    place=$(docker compose port stratum 9334)
    in_network bash -c "exec 3<> /dev/tcp/${place%:*}/${place#*:}
        echo '{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": [\"test\"]}' >&3
        read -r -t 10 line <&3 && grep -q mining.notify <<< \"\$line\""
}

miners_are_let_in() {
    docker compose --profile stratum up --detach --wait --wait-timeout 120 stratum
    has_work || fail "no work is given out over Stratum"
    docker compose --profile stratum rm --stop --force stratum > /dev/null 2>&1
    mark "the profile stratum gives work to miners at a published port"
}

# Asks Prometheus; says how many series it answers with. Usage: series QUERY
series() {
    in_network curl -sS --max-time 10 --get --data-urlencode "query=$1" \
        "http://$(docker compose port prometheus 9090)/api/v1/query" > "$folder/answer"
    grep -q '"status":"success"' "$folder/answer" || { cat "$folder/answer" >&2; return 1; }
    awk -F '"value":' '{ count += NF - 1 } END { print count + 0 }' "$folder/answer"
}

has_series() { [ "$(series "$2")" -ge "$1" ]; }

# Every query of the dashboard, for all nodes, a line each.
dashboard_queries() {
    sed -n 's/^.*"expr": "\(.*\)".*$/\1/p' "$project/docs/grafana/cairn.json" | sed 's/\\"/"/g; s/\$node/.*/g'
}

figures_are_gathered() {
    local query count=0
    export CAIRN_ADMIN_TOKEN=known-to-this-test-alone
    if [ -n "$own" ]; then
        [ -x "$folder/x/usr/bin/prometheus" ] || { not_tested "the profile monitoring, for want of Prometheus"; return 0; }
        images_make_prometheus "$folder" "$(docker compose --profile monitoring config --images | grep prometheus)"
    fi
    docker compose --profile monitoring up --detach --wait --wait-timeout 180 "${nodes[@]}" prometheus
    wait_for 90 "figures of four nodes" has_series 4 cairn_chain_height
    while read -r query; do
        series "$query" > /dev/null || fail "Prometheus does not understand: $query"
        count=$((count + 1))
    done < <(dashboard_queries)
    [ "$count" -ge 15 ] || fail "the dashboard has but $count queries that could be read"
    has_series 4 'sum by (instance) (cairn_peers{instance=~".*"})' || fail "instances have no names of their own"
    has_series 1 'up{instance="node4"}' || fail "an instance is not called as its node is"
    docker compose --profile monitoring rm --stop --force prometheus > /dev/null 2>&1
    unset CAIRN_ADMIN_TOKEN
    mark "Prometheus gathers the figures of four nodes, and understands all $count queries of the dashboard"
    not_tested "Grafana itself, of which there is no package"
}

# They are counted from when a container was made, which was after the last kill.
restarts() { docker compose ps --all --quiet | xargs docker inspect --format '{{.RestartCount}}' | sort -u; }

exit_codes() { docker compose ps --all --quiet | xargs docker inspect --format '{{.State.ExitCode}}' | sort -u; }

network_goes_down_and_up_with_its_chain() {
    local begun=$SECONDS height tip
    [ "$(restarts)" = 0 ] || fail "nodes ended that nobody ended"
    docker compose stop
    [ "$(exit_codes)" = 0 ] || fail "nodes that were stopped ended with $(exit_codes | xargs)"
    mark "all stopped with exit code 0, in $((SECONDS - begun)) s"
    docker compose up --detach --wait --wait-timeout 180 --no-deps node1
    stand node1
    docker compose down --timeout 20
    [ -z "$(docker compose ps --all --quiet)" ] || fail "down left containers behind"
    docker compose up --detach --wait --wait-timeout 180
    is_block "$height" "$tip" || fail "block $height is another after down and up"
    wait_for 60 "one branch" follow "${nodes[@]}"
    mark "taken down and up again, the chain is there, $height blocks and more"
}
