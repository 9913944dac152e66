# Look-alikes of the images that the Dockerfile and the compose file begin with, for an engine that reaches no registry: Debian itself,
# Debian with this machine's Rust and the crates of Cargo.lock, and Debian with its Prometheus. Sourced, after engine.sh.

# Usage: images_make FOLDER PROJECT
images_make() {
    local folder=$1 root=$1/root
    debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$(engine_mirror)" \
        > "$folder/images.log" 2>&1 || { tail "$folder/images.log" >&2; return 1; }
    rm -rf "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -c . | docker import -c 'CMD ["bash"]' - debian:bookworm-slim > /dev/null
    {
        chroot "$root" apt-get -o APT::Sandbox::User=root -qq update \
            && chroot "$root" apt-get install -y -qq --no-install-recommends gcc libc6-dev pkg-config make
    } >> "$folder/images.log" 2>&1 || { tail "$folder/images.log" >&2; return 1; }
    images_add_rust "$folder" "$2"
    tar -C "$root" -c . | docker import -c 'ENV CARGO_HOME=/usr/local/cargo' -c "ENV PATH=/usr/local/cargo/bin:$images_path" \
        - rust:1-bookworm > /dev/null
    # Were anything still mounted below, it would be the machine's own.
    rm -rf --one-file-system "$root"
}

images_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The toolchain of this machine and the crates that are needed, so that cargo asks nobody for them.
images_add_rust() {
    local root=$1/root toolchain=/usr/local/rustup/toolchains/here tool
    mkdir -p "$root$toolchain" "$root/usr/local/cargo/bin"
    tar -C "$(rustc --print sysroot)" --exclude=./share -c . | tar -x -C "$root$toolchain"
    for tool in "$root$toolchain"/bin/*; do ln -sf "${tool#"$root"}" "$root/usr/local/cargo/bin/"; done
    CARGO_HOME=$1/cargo cargo fetch --quiet --locked --manifest-path "$2/Cargo.toml"
    rm -rf "$1/cargo/registry/src"
    mv "$1/cargo/registry" "$root/usr/local/cargo/"
}

# Usage: images_make_prometheus FOLDER NAME, where engine_unpack has put Prometheus
images_make_prometheus() {
    local folder=$1
    mkdir "$folder/prometheus"
    cp "$folder/x/usr/bin/prometheus" "$folder/prometheus/"
    cat > "$folder/prometheus/Dockerfile" <<'TEXT'
FROM debian:bookworm-slim
COPY prometheus /bin/prometheus
RUN install -d -o nobody -g nogroup /prometheus
USER nobody
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
TEXT
    docker build -q -t "$2" "$folder/prometheus" > /dev/null
    rm -r "$folder/prometheus"
}
