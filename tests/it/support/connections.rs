//! The connections of a listener that a test answers.

use std::{
    fmt::Display,
    io::{self, Write as _},
    thread,
    time::Duration,
};

/// Serves each connection in a thread of its own until `is_over`.
///
/// What keeps one of them from being made (too many open files, no memory for a thread) is told and waited out: a
/// listener that ended there would refuse whoever comes next, far from the cause.
pub(crate) fn each<S: Send + 'static>(
    connections: impl Iterator<Item = io::Result<S>>,
    is_over: impl Fn() -> bool,
    serve: impl Fn(S) + Clone + Send + 'static,
) {
    for connection in connections {
        if is_over() {
            return;
        }
        match connection {
            Ok(connection) => {
                let serve = serve.clone();
                if let Err(error) = thread::Builder::new().spawn(move || serve(connection)) {
                    wait_out("no thread for a connection", &error);
                }
            }
            Err(error) => wait_out("a connection that cannot be accepted", &error),
        }
    }
}

fn wait_out(what: &str, error: &dyn Display) {
    let _ = writeln!(io::stderr(), "{what}: {error}");
    thread::sleep(Duration::from_millis(20));
}
