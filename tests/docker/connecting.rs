//! The ways to the daemon, as the docker CLI knows them.

use crate::{
    machine::{self, SOCKET, Site},
    support::{Project, Running},
};
use atelier::docker::{Daemon, Error, search::Variables};
use sha2::{Digest, Sha256};
use std::os::unix::fs::PermissionsExt;
use tokio::net::{TcpListener, UnixStream};

#[tokio::test]
async fn docker_host_by_tcp_reaches_the_daemon() {
    if !machine::is_here() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut relay = tokio::task::JoinSet::new();
    relay.spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            connections.spawn(async move {
                let mut daemon = UnixStream::connect(SOCKET).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut daemon).await;
            });
        }
    });
    let daemon = Daemon::find(Some(&format!("tcp://{address}")), &Variables::default()).await.unwrap();
    assert_eq!(daemon.endpoint().to_string(), format!("`tcp://{address}` (DOCKER_HOST)"));
}

#[tokio::test]
async fn the_current_context_reaches_the_daemon() {
    if !machine::is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let hash = atelier::secret::hex(&Sha256::digest("workshop"));
    let meta = folder.path().join("contexts/meta").join(hash);
    std::fs::create_dir_all(&meta).unwrap();
    let endpoint = format!(r#"{{"Name":"workshop","Endpoints":{{"docker":{{"Host":"unix://{SOCKET}"}}}}}}"#);
    std::fs::write(meta.join("meta.json"), endpoint).unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"currentContext":"workshop"}"#).unwrap();
    let variables = Variables { config: Some(folder.path().to_owned()), ..Variables::default() };
    let daemon = Daemon::find(None, &variables).await.unwrap();
    assert_eq!(daemon.endpoint().to_string(), format!("`unix://{SOCKET}` (docker context workshop)"));
}

#[tokio::test]
async fn an_answer_that_is_not_dockers_is_not_a_daemon() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("tcp://{}", listener.local_addr().unwrap());
    let mut closing = tokio::task::JoinSet::new();
    closing.spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            drop(client);
        }
    });
    assert!(matches!(Daemon::find(Some(&host), &Variables::default()).await, Err(Error::Unreachable { .. })));
}

#[test]
fn without_a_daemon_the_embedded_engine_is_chosen_and_the_line_says_why() {
    let site = Site::of(Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock"));
    let up = site.ok(&["up"]);
    site.ok(&["down"]);
    assert!(up.stderr.contains("/nonexistent/docker.sock"), "{up:?}");
    assert!(up.stdout.contains("embedded"), "{up:?}");
    site.fails(&["up", "--engine", "localstack"], 4, "docker_unreachable");
}

#[test]
fn a_user_without_the_right_to_the_socket_is_told_the_way_in() {
    if !machine::is_here() || !rustix::process::geteuid().is_root() {
        return;
    }
    let project = Project::new();
    std::fs::set_permissions(project.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let output = Running::start(project.command_of_a_user(&["up", "--engine", "localstack", "--json"])).end();
    assert_eq!((output.code, output.json()["error"]["code"].as_str()), (Some(4), Some("docker_denied")), "{output:?}");
    assert!(output.stdout.contains("usermod -aG docker"), "{output:?}");
}
