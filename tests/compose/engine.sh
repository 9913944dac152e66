# A Docker engine of the test's own: the genuine one from Debian, in a network namespace, gone with the test.
#
# Sourced. What is fetched is unpacked into a folder and not installed, but for the few packages in `engine_install`.

engine_net=cairn-compose-$$
engine_pid=
engine_no_debian="Debian or a relative of it"

# What keeps a machine from having an engine; nothing where it can have one.
engine_lacks() {
    if [ "$(uname -s)" != Linux ] || ! command -v apt-get > /dev/null; then
        echo "$engine_no_debian"
    elif dpkg --compare-versions "$(dpkg-query -W -f '${Version}' libc6)" lt 2.34; then
        echo "libc6 2.34"
    elif [ "$(id -u)" != 0 ]; then
        echo "root"
    elif ! unshare --net --mount true 2> /dev/null; then
        echo "leave to make namespaces"
    fi
}

# Where this machine's own packages come from.
engine_mirror() {
    local sources=/etc/apt/sources.list.d/debian.sources mirror=
    [ ! -f $sources ] || mirror=$(awk '/^URIs:/ { print $2; exit }' $sources)
    [ -n "$mirror" ] || mirror=$(awk '/^deb / { print $2; exit }' /etc/apt/sources.list 2> /dev/null || true)
    case "$mirror" in *debian*) echo "$mirror" ;; *) echo http://deb.debian.org/debian ;; esac
}

# Unpacks packages of a release that need not be this machine's; takes no root. Usage: engine_unpack FOLDER RELEASE PACKAGE…
engine_unpack() {
    local into=$1/x apt=$1/apt release=$2 package
    shift 2
    mkdir -p "$apt"/{lists/partial,cache/archives/partial,etc/apt.conf.d,etc/preferences.d,etc/sources.list.d,debs} "$into"
    cp /etc/apt/apt.conf.d/99* "$apt/etc/apt.conf.d/" 2> /dev/null || true
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(engine_mirror) $release main" \
        > "$apt/etc/sources.list"
    cat > "$apt/apt.conf" <<TEXT
Dir::Etc "$apt/etc"; Dir::Etc::sourcelist "$apt/etc/sources.list"; Dir::Etc::sourceparts "$apt/etc/sources.list.d";
Dir::State::lists "$apt/lists"; Dir::Cache "$apt/cache"; APT::Sandbox::User "root";
TEXT
    (
        export APT_CONFIG=$apt/apt.conf
        cd "$apt/debs" && apt-get update -qq && apt-get download -qq "$@"
    ) > "$apt/log" 2>&1 || { tail "$apt/log" >&2; return 1; }
    for package in "$apt"/debs/*.deb; do dpkg -x "$package" "$into"; done
    rm -r "$apt"
}

# What the engine needs of this machine's own release.
engine_install() {
    local needed=(runc tini iptables debootstrap iproute2 curl) log=$1/install.log
    dpkg-query -W "${needed[@]}" > /dev/null 2>&1 && return
    echo "installing of Debian, to stay: ${needed[*]}"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq || true; apt-get install -y -qq --no-install-recommends "${needed[@]}"; } > "$log" 2>&1 \
        || { tail "$log" >&2; return 1; }
}

# Starts the service, in a network that has no way out. Usage: engine_start FOLDER
engine_start() {
    local folder=$1
    export DOCKER_HOST=unix://$folder/docker.sock
    ip netns add "$engine_net"
    ip -n "$engine_net" link set lo up
    # `ip netns exec` would hide the folder of control groups.
    nsenter --net="/run/netns/$engine_net" -- dockerd --data-root "$folder/data" --exec-root "$folder/exec" \
        --pidfile "$folder/docker.pid" -H "$DOCKER_HOST" > "$folder/dockerd.log" 2>&1 &
    engine_pid=$!
    for _ in $(seq 200); do
        ! docker version > /dev/null 2>&1 || return 0
        kill -0 "$engine_pid" 2> /dev/null || break
        sleep 0.3
    done
    tail "$folder/dockerd.log" >&2
    return 1
}

# Ends the service, and takes away what it mounted. Usage: engine_stop FOLDER
engine_stop() {
    [ -n "$engine_pid" ] || return 0
    kill "$engine_pid" 2> /dev/null || true
    wait "$engine_pid" 2> /dev/null || true
    umount "$1/exec/netns/default" 2> /dev/null || true
    ip netns del "$engine_net" 2> /dev/null || true
    engine_pid=
}

# Runs a command where published ports are.
in_network() {
    if [ -n "$engine_pid" ]; then nsenter --net="/run/netns/$engine_net" -- "$@"; else "$@"; fi
}
