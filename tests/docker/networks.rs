//! Networks of our own: made once, found by their labels, and removed with nothing of others.

use crate::machine::{self, docker};
use atelier::{
    docker::{Daemon, network, search::Variables},
    names::OwnerId,
};
use std::path::Path;

#[tokio::test]
async fn a_network_is_made_once_and_goes_with_its_project_only() {
    if !machine::is_here() {
        return;
    }
    let daemon = Daemon::find(None, &Variables::default()).await.unwrap();
    let owner: OwnerId = atelier::secret::random_hex(16).unwrap().parse().unwrap();
    let name = |project: &str| format!("atelier-test-{}-{project}", &owner.as_str()[..8]);
    let ours =
        || docker(&["network", "ls", "--format", "{{.Name}}", "--filter", &format!("label=atelier.owner={owner}")]);
    for project in ["one", "other", "one"] {
        network::ensure(&daemon, &owner, Some(&name(project)), Path::new(&format!("/{project}"))).await.unwrap();
    }
    assert_eq!(ours().lines().count(), 2);
    let remove = async |project: &str| network::remove(&daemon, &owner, Path::new(project)).await.unwrap();
    remove("/one").await;
    assert_eq!(ours(), name("other"));
    remove("/other").await;
    assert_eq!(ours(), "");
}
