//! A function that cannot start: its container's image cannot be had.

use crate::machine::{self, ENGINE, Site, docker};

/// The engine's image with one more variable; it goes with the test.
struct Broken(String);

impl Broken {
    fn new() -> Self {
        // As LocalStack's own tags begin, for which no account is wanted.
        let image = format!("atelier-test/localstack:4.14.0-broken-{}", std::process::id());
        let base = docker(&["create", ENGINE]);
        let mapping = r#"ENV LAMBDA_RUNTIME_IMAGE_MAPPING='{"provided.al2023":"127.0.0.1:1/absent:1"}'"#;
        docker(&["commit", "-c", mapping, &base, &image]);
        docker(&["rm", "-v", &base]);
        Self(image)
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        docker(&["rmi", &self.0]);
    }
}

#[test]
fn a_function_that_cannot_start_is_explained_by_the_engines_reason_and_last_words() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let image = Broken::new();
    let site = Site::new();
    site.ok(&["up", "--image", &image.0]);
    let error = site.fails(&["deploy"], 1, "function_failed");
    assert!(error["message"].as_str().unwrap().contains("Error while creating lambda"), "{error}");
    let (causes, said) = (error["causes"].as_array().unwrap(), machine::logs(&site.name("localstack-main")));
    assert!(!causes.is_empty(), "{error}");
    assert!(causes.iter().all(|cause| said.lines().any(|line| line.trim_end() == cause)), "{error}\n{said}");
    site.ok(&["clean", "--yes"]);
    assert_eq!(site.containers(), [""; 0]);
}
