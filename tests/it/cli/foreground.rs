//! `up --foreground` and `--listen`: the engine as a container's program, or under a supervisor.

use crate::support::{Project, Running, engine_port, eventually};
use std::{net::TcpStream, time::Duration};

#[test]
fn in_the_foreground_it_stays_until_ctrl_c_which_ends_the_engine() {
    let project = Project::new();
    let port = engine_port();
    let up = ["up", "--engine", "embedded", "--foreground", "--port", &port.to_string()];
    let up = Running::start(project.command(&up));
    up.says(&format!("http://127.0.0.1:{port}"));
    up.tells("Ctrl-C ends the engine");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    up.interrupt();
    let ended = up.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nothing listens any more");
}

#[test]
fn in_the_foreground_it_ends_with_an_engine_that_ends() {
    let project = Project::new();
    let up = Running::start(project.command(&["up", "--engine", "embedded", "--foreground", "--port", "0"]));
    up.tells("Ctrl-C ends the engine");
    let down = project.run(&["down"]);
    assert_eq!(down.code, Some(0), "{down:?}");
    let ended = up.end();
    assert_eq!(ended.code, Some(5), "{ended:?}");
}

#[test]
fn it_listens_on_another_address_only_where_that_is_asked_for() {
    // All of 127.0.0.0/8 is this machine's; without the flag one address of it is listened on.
    let other = |port: u16| TcpStream::connect(("127.0.0.2", port)).is_ok();
    let project = Project::new();
    let port = engine_port();
    let up = |flags: &[&str]| {
        let port = port.to_string();
        project.run(&[&["up", "--engine", "embedded", "--port", &port], flags].concat())
    };
    assert_eq!(up(&[]).code, Some(0));
    assert!(!other(port));
    let refused = up(&["--listen", "0.0.0.0"]);
    assert_eq!(refused.code, Some(2), "what runs listens elsewhere: {refused:?}");
    assert_eq!(project.run(&["down"]).code, Some(0));
    assert_eq!(up(&["--listen", "0.0.0.0"]).code, Some(0));
    assert!(eventually(Duration::from_mins(1), || other(port)));
    assert_eq!(up(&[]).code, Some(0), "the same engine again");
    for wrong in ["localhost", "0.0.0.0:4566", "256.0.0.1"] {
        let refused = project.run(&["up", "--listen", wrong]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
    }
    assert_eq!(project.run(&["down"]).code, Some(0));
}
