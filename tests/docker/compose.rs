//! `examples/compose.yaml`, run by Compose as its first lines say.

use crate::machine;
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn succeeds(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

/// What makes `docker compose` of a shell's lines the Compose that is here.
fn compose() -> Option<&'static str> {
    if succeeds("docker", &["compose", "version"]) {
        return Some("");
    }
    if succeeds("docker-compose", &["version"]) {
        return Some(
            r#"docker() { if [ "$1" = compose ]; then shift; command docker-compose "$@"; else command docker "$@"; fi; }"#,
        );
    }
    machine::fail_or_skip("there is no Docker Compose: run scripts/apt.sh docker-compose docker-compose");
    None
}

/// Where this machine has a program.
fn program(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin", "/usr/local/bin"].iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists())
}

/// What one run of the example makes; gone when it ends, however it ends.
struct Example {
    project: String,
    shim: &'static str,
}

impl Example {
    fn new(shim: &'static str) -> Self {
        Self { project: format!("atelier-test-{}", atelier::secret::random_hex(4).unwrap()), shim }
    }

    fn image(&self, of: &str) -> String {
        format!("{}-{of}:1", self.project)
    }

    /// Makes the image that a release publishes, of this build's binary.
    fn build_engine(&self) {
        let context = tempfile::tempdir().unwrap();
        let arch = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
        let folder = context.path().join(arch);
        fs::create_dir(&folder).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_atelier"), folder.join("atelier")).unwrap();
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            fs::copy(repository().join(licence), folder.join(licence)).unwrap();
        }
        let file = repository().join("packaging/Containerfile").display().to_string();
        let (image, arg) = (self.image("engine"), format!("TARGETARCH={arch}"));
        let context = context.path().to_str().unwrap();
        machine::docker(&["build", "--quiet", "--build-arg", &arg, "--file", &file, "--tag", &image, context]);
    }

    /// Makes an image with a shell and this machine's curl, in the place of `curlimages/curl`, which needs a registry.
    fn import_app(&self) -> bool {
        let (Some(busybox), Some(curl)) = (program("busybox"), program("curl")) else {
            return machine::fail_or_skip("there is no busybox or no curl to make an app of");
        };
        let root = tempfile::tempdir().unwrap();
        let add = |from: &Path, to: &str| {
            let to = root.path().join(to);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        };
        add(&busybox, "bin/busybox");
        for name in ["sh", "cat"] {
            symlink("busybox", root.path().join("bin").join(name)).unwrap();
        }
        add(&curl, "usr/bin/curl");
        let libraries = Command::new("ldd").arg(&curl).output().unwrap().stdout;
        for library in String::from_utf8_lossy(&libraries).split_whitespace().filter(|word| word.starts_with('/')) {
            add(library.as_ref(), library.trim_start_matches('/'));
        }
        let mut import = Command::new("sh");
        import.args(["-c", r#"tar -C "$0" -c . | docker import - "$1""#]).arg(root.path()).arg(self.image("app"));
        let output = import.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        true
    }

    /// Runs a line of the example in the repository, and returns whether it succeeded, and what it printed.
    fn run(&self, line: &str) -> (bool, String) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("set -e\n{}\n{line}", self.shim)]).current_dir(repository());
        shell.env("COMPOSE_PROJECT_NAME", &self.project);
        shell.env("ATELIER_IMAGE", self.image("engine")).env("APP_IMAGE", self.image("app"));
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            return (false, format!("{said}{}", String::from_utf8_lossy(&output.stderr)));
        }
        (true, said)
    }

    /// Runs a line that must succeed, and returns what it printed.
    fn ok(&self, line: &str) -> String {
        let (done, said) = self.run(line);
        assert!(done, "{line}: {said}\n{}", self.run("docker compose -f examples/compose.yaml logs --no-color").1);
        said
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.run("docker compose -f examples/compose.yaml down --volumes");
        for image in ["engine", "app"] {
            succeeds("docker", &["rmi", &self.image(image)]);
        }
    }
}

#[test]
fn the_example_is_run_by_compose_as_its_first_lines_say() {
    if !machine::is_here() {
        return;
    }
    let Some(shim) = compose() else { return };
    let _turn = machine::engine_turn();
    let example = Example::new(shim);
    if !example.import_app() {
        return;
    }
    example.build_engine();
    let text = fs::read_to_string(repository().join("examples/compose.yaml")).unwrap();
    let lines: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("#   ")).filter(|line| line.starts_with("docker ")).collect();
    let [up, wait, logs, down] = lines[..] else { panic!("the commands at the head have changed: {lines:?}") };
    example.ok(up);
    let code = example.ok(wait);
    let said = example.ok(logs);
    assert_eq!(code.trim(), "0", "{said}");
    assert!(said.contains(r#""state":"running""#), "{said}");
    example.ok(down);
    let of = format!("label=com.docker.compose.project={}", example.project);
    for kind in [&["ps", "--all"][..], &["volume", "ls"], &["network", "ls"]] {
        assert_eq!(machine::docker(&[kind, &["--quiet", "--filter", &of]].concat()), "", "{kind:?}");
    }
}
