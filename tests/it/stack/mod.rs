//! Deploy and clean against an engine.

mod canary;
mod clock;
mod engine;
mod export;
mod faults;
mod import;
mod keys;
mod least;
mod operate;
mod request_id;
mod standin;
mod variables;
mod workshop;

use crate::support::{Output, Project, engine_port};

/// A project whose engine, if any, ends with the test.
struct Workshop {
    project: Project,
    port: u16,
}

impl Workshop {
    fn new() -> Self {
        let port = engine_port();
        // Functions call the engine itself, also when atelier is made to call it through a proxy.
        Self::on(port, &format!("http://127.0.0.1:{port}"))
    }

    /// Takes this port for the engine, and lets functions reach it at that URL.
    fn on(port: u16, internal: &str) -> Self {
        Self { project: Project::new().with("AWS_ENDPOINT_INTERNAL", internal), port }
    }

    fn run(&self, args: &[&str]) -> Output {
        let port = self.port.to_string();
        self.project.run(&[args, &["--port", &port]].concat())
    }

    /// Runs a command that must succeed.
    fn ok(&self, args: &[&str]) -> Output {
        let output = self.run(args);
        assert_eq!(output.code, Some(0), "{args:?}: {output:?}");
        output
    }

    fn up(&self) -> Output {
        self.ok(&["up", "--engine", "embedded"])
    }

    /// A file of ours, as JSON.
    fn record(&self) -> serde_json::Value {
        self.project.record()
    }

    /// The engine's folder.
    fn engine(&self) -> std::path::PathBuf {
        self.project.path().join(".atelier/engine")
    }

    fn pid(&self) -> rustix::process::Pid {
        self.project.engine()
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = self.run(&["down"]);
    }
}
