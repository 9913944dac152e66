# What befalls the chain: payments, kills, a cut. Sourced, after network.sh.

# Those of genesis.json: account 1 of the devnet's words is Bob's, account 9 the miner's, account 2 nobody's here.
bob=cdev1ethx5czv90r92vtrhw2x67c8wzx82ch4x3kamkgknlqmar6ltgnspawamt
miner=cdev1ne5v6z2rfxtmqul6fcnlx5ttn95xcadd9ghwyfkj3dcrmn3p7yaqnr608y
rival=cdev1mx8tvh0y0su88snh0j9lh8wg62xf907nnh0xhw6pawyms59tpljqzx6shh
words="test test test test test test test test test test test junk"

# What an account has, in pebbles, over the published port. Usage: sum_of FIELD ADDRESS
sum_of() { ask node1 9330 "/v1/accounts/$2" | grep -o "\"$1\":\"[0-9]*" | grep -o '[0-9]*$'; }

wallet_pays_by_exec() {
    echo "$words" | cairn_in node1 wallet restore --open --mnemonic-file - > /dev/null
    cairn_in node1 wallet rename account-1 bob > /dev/null
    cairn_in node1 wallet send bob 12.5 --yes > /dev/null
    [ "$(sum_of balance "$bob")" = 1001250000000 ] || fail "Bob has $(sum_of balance "$bob") pebbles"
    is_as_written "curl -s http://127.0.0.1:9330/v1/accounts/$bob" "$(ask node1 9330 "/v1/accounts/$bob")"
    mark "a wallet in a container paid, a block took it in, and the published port knows the balance"
    # A miner's reward comes of age ten blocks later.
    wait_for 60 "the miner's first reward" is_paid
    mark "the miner is paid"
}

is_paid() { [ "$(sum_of balance "$miner")" -gt 1000000000000 ]; }

height_above() {
    local height tip
    stand "$1" && [ "$height" -gt "$2" ]
}

# Where a container that was started again found its chain.
height_at_start() { docker logs "$1" | sed -n 's/^ready after .* at height \([0-9]*\),.*/\1/p' | tail -1; }

# The engine takes `docker kill` for an order of its operator's, which no restart policy undoes.
killed_node_has_every_block() {
    local container height tip
    container=$(docker compose ps --quiet node2)
    stand node2
    docker kill "$container" > /dev/null
    sleep 3
    [ "$(docker inspect --format '{{.State.Running}} {{.State.ExitCode}}' "$container")" = "false 137" ] \
        || fail "a node that docker kill ended is there again without being asked: say so in docs/operating.md"
    docker compose up --detach --wait --wait-timeout 120 node2
    [ "$(height_at_start "$container")" -ge "$height" ] || fail "node2 was killed at $height and has not all of it"
    is_block "$height" "$tip" || fail "block $height of node2 is not that of node1"
    wait_for 60 "node2 to follow again" follow node2
    mark "docker kill: node2 came back by compose up with every block from its own disk, and follows"
}

# A process that dies by itself is started again by the engine.
crashed_node_starts_by_itself() {
    local container height tip before
    if [ "$(id -u)" != 0 ]; then
        not_tested "a node that crashes, for which root is needed: nobody else can kill what runs in a container"
        return 0
    fi
    container=$(docker compose ps --quiet node3)
    stand node3
    before=$(docker inspect --format '{{.RestartCount}}' "$container")
    kill -KILL "$(docker inspect --format '{{.State.Pid}}' "$container")"
    wait_for 60 "node3 to be started again" is_restarted "$container" "$before"
    docker compose up --detach --wait --wait-timeout 120 --no-recreate node3
    [ "$(height_at_start "$container")" -ge "$height" ] || fail "node3 was killed at $height and has not all of it"
    wait_for 60 "node3 to follow again" follow node3
    mark "a crash: node3 was started again by the engine, with every block from its own disk, and follows"
}

is_restarted() { [ "$(docker inspect --format '{{.RestartCount}} {{.State.Running}}' "$1")" = "$(($2 + 1)) true" ]; }

is_alone() { [ "$(cairn_in "$1" peers list --json | grep -c '"direction"')" = 0 ]; }

# While it is away node3 makes a block of its own, which none of the others has; the longer branch wins.
cut_off_node_comes_back_to_the_others() {
    local container network=${COMPOSE_PROJECT_NAME}_default own_block at height tip
    container=$(docker compose ps --quiet node3)
    docker network disconnect "$network" "$container"
    docker compose stop node3
    [ "$(docker inspect --format '{{.State.ExitCode}}' "$container")" = 0 ] || fail "node3 did not end well"
    own_block=$(docker compose run --rm --no-deps --no-TTY node3 mine --blocks 1 --to "$rival" | grep -o '[0-9a-f]\{64\}' | tail -1)
    docker start "$container" > /dev/null
    wait_for 60 "node3 to be ready" stand node3
    [ "$tip" = "$own_block" ] || fail "node3 does not follow its own block"
    at=$height
    wait_for 60 "the others to be ahead" height_above node1 $((at + 3))
    ! is_block "$at" "$own_block" || fail "the others know a block of a node that is cut off"
    stand node3
    [ "$height $tip" = "$at $own_block" ] || fail "node3 heard of blocks though it is cut off"
    mark "a cut: node3 made a block of its own at height $at, the others went on without it"
    docker network connect --alias node3 "$network" "$container"
    wait_for 120 "node3 to follow the others" follow node3 node4
    ! is_block "$at" "$own_block" || fail "the shorter branch won"
    mark "healed: node3 left its own block for the longer branch of the others"
}
