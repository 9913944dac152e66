//! States of the whole network.

use std::path::PathBuf;

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aside;
use super::told::{By, gone_back, removed, snapshot_taken};
use super::view::{FileOrder, SnapshotOrder, SnapshotView};
use crate::api::{Answer, Json, Path, Problem, Reply, shortened};
use crate::devnet::error::DevnetError;
use crate::devnet::network::DevnetHandle;

pub(super) fn routes() -> OpenApiRouter<DevnetHandle> {
    OpenApiRouter::new()
        .routes(routes!(snapshots, snapshot))
        .routes(routes!(revert))
        .routes(routes!(remove))
        .routes(routes!(dump))
        .routes(routes!(load))
}

/// All snapshots, oldest first
#[utoipa::path(get, path = "/v1/snapshots", tag = "snapshots", operation_id = "snapshots",
    responses((status = OK, body = Vec<SnapshotView>)))]
async fn snapshots(State(devnet): State<DevnetHandle>) -> Answer<Vec<SnapshotView>> {
    let all = aside(&devnet, |devnet| Ok(devnet.snapshots()?)).await?;
    Ok(Reply::now(all.into_iter().map(SnapshotView::from).collect()))
}

/// Save the state of the whole network
///
/// All nodes are held for a moment: chain, pool and peers of each, who runs, links and clock are those of one instant.
#[utoipa::path(post, path = "/v1/snapshots", tag = "snapshots", operation_id = "snapshot", request_body = SnapshotOrder,
    responses((status = OK, body = SnapshotView)))]
async fn snapshot(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(said): Json<SnapshotOrder>,
) -> Answer<SnapshotView> {
    let what = snapshot_taken(said.name.as_deref());
    let saved = by.order(&devnet, what, move |devnet| Ok(devnet.snapshot(said.name)?)).await?;
    Ok(Reply::now(saved.into()))
}

/// Take the whole network back to a snapshot
///
/// Nodes are stopped for it and begin again where they were, at the same places; connections to them end.
#[utoipa::path(post, path = "/v1/snapshots/{name}/revert", tag = "snapshots", operation_id = "revert",
    params(("name" = String, Path, description = "What it is called")),
    responses((status = OK, body = SnapshotView)))]
async fn revert(
    by: By,
    State(devnet): State<DevnetHandle>,
    Path(name): Path<String>,
) -> Answer<SnapshotView> {
    let to = by.order(&devnet, gone_back(&name), move |devnet| Ok(devnet.revert(&name)?)).await?;
    Ok(Reply::now(to.into()))
}

/// Remove a snapshot; those that are left are answered
#[utoipa::path(post, path = "/v1/snapshots/{name}/remove", tag = "snapshots", operation_id = "remove_snapshot",
    params(("name" = String, Path, description = "What it is called")),
    responses((status = OK, body = Vec<SnapshotView>)))]
async fn remove(
    by: By,
    State(devnet): State<DevnetHandle>,
    Path(name): Path<String>,
) -> Answer<Vec<SnapshotView>> {
    by.order(&devnet, removed(&name), move |devnet| Ok(devnet.remove_snapshot(&name)?)).await?;
    snapshots(State(devnet)).await
}

/// The file that an order is about.
///
/// # Security
/// Whoever can ask would write wherever this user may, so only this machine's own programs are served.
fn file(devnet: &DevnetHandle, said: &FileOrder) -> Result<PathBuf, Problem> {
    if !devnet.is_local() {
        return Err(DevnetError::FilesOfOthers.into());
    }
    let file = PathBuf::from(&said.file);
    let why = "expected the whole name of a file, from the root on: it lies where the devnet runs";
    if file.is_absolute() { Ok(file) } else { Err(Problem::bad_value("file", &said.file, why)) }
}

/// Write the state of the whole network to a file
///
/// Served where nobody but this machine's own programs can ask.
#[utoipa::path(post, path = "/v1/dump", tag = "snapshots", operation_id = "dump", request_body = FileOrder,
    responses((status = OK, body = SnapshotView)))]
async fn dump(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(said): Json<FileOrder>,
) -> Answer<SnapshotView> {
    let what = format!("write the state to {}", shortened(&said.file));
    let saved = by.order(&devnet, what, move |devnet| Ok(devnet.dump(&file(devnet, &said)?)?)).await?;
    Ok(Reply::now(saved.into()))
}

/// Take the whole network to the state in a file
///
/// Served where nobody but this machine's own programs can ask.
#[utoipa::path(post, path = "/v1/load", tag = "snapshots", operation_id = "load", request_body = FileOrder,
    responses((status = OK, body = SnapshotView)))]
async fn load(
    by: By,
    State(devnet): State<DevnetHandle>,
    Json(said): Json<FileOrder>,
) -> Answer<SnapshotView> {
    let what = format!("go to the state in {}", shortened(&said.file));
    let loaded = by.order(&devnet, what, move |devnet| Ok(devnet.load(&file(devnet, &said)?)?)).await?;
    Ok(Reply::now(loaded.into()))
}
