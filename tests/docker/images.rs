//! Atelier's own image: one static binary and nothing else, made when the binary has changed.

use crate::machine;
use atelier::{
    docker::{Daemon, Error, ImageName, OwnImage, own_image, search::Variables},
    names::OwnerId,
};
use std::path::Path;

async fn daemon() -> Daemon {
    Daemon::find(None, &Variables::default()).await.unwrap()
}

fn owner() -> OwnerId {
    atelier::secret::random_hex(16).unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_image_is_made_once_per_binary_and_runs_without_root() {
    if !machine::is_here() {
        return;
    }
    let (daemon, owner) = (daemon().await, owner());
    // A binary of this test's own, so that no other test's image has its tag.
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("atelier");
    let mut bytes = std::fs::read(env!("CARGO_BIN_EXE_atelier")).unwrap();
    bytes.extend_from_slice(owner.as_str().as_bytes());
    std::fs::write(&binary, &bytes).unwrap();

    let make = async || {
        let image = OwnImage::of(&binary, &owner).await.unwrap();
        image.ensure(&daemon).await.unwrap();
        image.name().clone()
    };
    let first = make().await;
    let created = |image: &ImageName| machine::docker(&["inspect", "--format", "{{.Id}}", image.as_str()]);
    let id = created(&first);
    assert_eq!(make().await, first);
    assert_eq!(created(&first), id, "not made again");
    let config = "{{.Config.User}} {{.Config.Entrypoint}} {{len .RootFS.Layers}}";
    assert_eq!(machine::docker(&["inspect", "--format", config, first.as_str()]), "65532:65532 [/atelier] 1");
    let version = machine::docker(&["run", "--rm", "--network", "none", first.as_str(), "version"]);
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");

    bytes.push(b'\n');
    std::fs::write(&binary, &bytes).unwrap();
    let second = make().await;
    assert_ne!(second, first);
    own_image::remove(&daemon, &owner, Some(&second)).await.unwrap();
    let filter = format!("label=atelier.owner={owner}");
    assert_eq!(machine::docker(&["images", "-q", "--filter", &filter]).lines().count(), 1);
    own_image::remove(&daemon, &owner, None).await.unwrap();
    assert_eq!(machine::docker(&["images", "-q", "--filter", &filter]), "");
}

#[tokio::test]
async fn a_dynamically_linked_binary_is_refused() {
    let refused = OwnImage::of(Path::new("/bin/ls"), &owner()).await;
    let Err(error @ Error::NotStatic(_)) = refused else { panic!("it was taken") };
    let told = atelier::error::Error::from(error);
    assert_eq!(told.code, atelier::error::Code::NotStatic);
    let hints: Vec<String> = told.hints_or_default().iter().map(ToString::to_string).collect();
    assert!(hints.iter().any(|hint| hint.contains("without `RUSTFLAGS`")), "{hints:?}");
}
