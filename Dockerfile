# Cairn in one small image: a node, and with `docker run … cairn wallet` and the like everything else.

FROM rust:1-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /cairn
# Unset, so that Cargo.toml decides. Tests of the image set them, to have it sooner rather than fast.
ARG CARGO_PROFILE_RELEASE_OPT_LEVEL
ARG CARGO_PROFILE_RELEASE_LTO
ARG CARGO_PROFILE_RELEASE_CODEGEN_UNITS
COPY .cargo/ .cargo/
COPY Cargo.toml Cargo.lock ./
# What others wrote is compiled in a layer of its own, with empty files for all that Cargo.toml names of ours: it is kept until
# Cargo.toml or Cargo.lock change.
RUN mkdir src benches && echo '//! Empty.' | tee src/lib.rs src/main.rs && echo 'fn main() {}' >> src/main.rs \
    && sed -n '/^\[\[bench\]\]/,/^$/s/^name = "\(.*\)"/benches\/\1.rs/p' Cargo.toml | xargs touch \
    && cargo build --release --locked
COPY genesis.json ./
COPY src/ src/
# Files come with the times that they have outside, which may lie before those of the empty ones.
RUN touch src/lib.rs src/main.rs && cargo build --release --locked

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Cairn" \
    org.opencontainers.image.description="A proof-of-work cryptocurrency node, wallet, miner, explorer and network laboratory" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0" \
    org.opencontainers.image.documentation="/usr/share/doc/cairn/README.md"
RUN groupadd --gid 9333 cairn \
    && useradd --uid 9333 --gid cairn --home-dir /data --no-create-home --shell /usr/sbin/nologin cairn \
    && install --directory --owner=cairn --group=cairn --mode=700 /data
COPY README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT /usr/share/doc/cairn/
COPY genesis.json /usr/share/cairn/genesis.json
# Readable for the node's user, whatever may be read where this was checked out. Not by COPY --chmod: engines from 28.1 on give its
# mode to the folders that COPY makes, too.
RUN chmod -R a+rX /usr/share/doc/cairn /usr/share/cairn
COPY --from=build /cairn/target/release/cairn /usr/local/bin/cairn
# The operator's side stays inside: nobody sets CAIRN_ADMIN here.
ENV CAIRN_DATA_DIR=/data/chain \
    CAIRN_WALLET_DIR=/data/wallets \
    CAIRN_GENESIS=/usr/share/cairn/genesis.json \
    CAIRN_LISTEN=0.0.0.0:9333 \
    CAIRN_HTTP=0.0.0.0:9330
USER 9333:9333
VOLUME /data
EXPOSE 9330 9333
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=5m --start-interval=1s CMD ["cairn", "ready"]
ENTRYPOINT ["cairn"]
CMD ["node"]
