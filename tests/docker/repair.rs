//! What becomes of a set of containers when parts of it die.

use crate::machine::{self, Site, docker};

#[test]
fn what_has_died_is_repaired_and_what_was_in_it_is_deployed_again_with_the_same_url() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    site.ok(&["up", "--engine", "localstack"]);
    let url = site.ok(&["deploy", "--json"]).json()["data"]["url"].clone();

    // A door dies: the engine and what is deployed in it stay.
    let engine = site.inspect("localstack-main", "{{.Id}}");
    docker(&["kill", &site.name("atelier-edge")]);
    docker(&["rm", "-f", &site.name("docker-proxy")]);
    assert_eq!(site.run(&["status", "--check"]).code, Some(5));
    assert_eq!(site.ok(&["up", "--json"]).json()["data"]["changed"], true);
    assert_eq!(site.inspect("localstack-main", "{{.Id}}"), engine);
    site.ok(&["status", "--check"]);
    site.ok(&["test"]);

    // The engine restarts by itself: it comes back empty.
    docker(&["restart", "-t", "5", &site.name("localstack-main")]);
    site.ok(&["up"]);
    let healed = site.ok(&["deploy", "--json"]);
    assert_eq!(healed.json()["data"]["url"], url, "the same API id");
    assert!(healed.stderr.contains("reset"), "{healed:?}");

    // The engine dies: commands say so, `up` brings it back.
    docker(&["kill", &site.name("localstack-main")]);
    site.fails(&["deploy"], 5, "not_running");
    site.ok(&["up"]);
    assert_eq!(site.ok(&["deploy", "--json"]).json()["data"]["url"], url);
    site.ok(&["test"]);

    // Somebody removes the engine: its functions' containers are orphans, and `down` finds them.
    docker(&["rm", "-f", "-v", &site.name("localstack-main")]);
    assert!(site.containers().iter().any(|name| name.contains("-lambda-")), "{:?}", site.containers());
    site.ok(&["down"]);
    assert_eq!(site.containers(), [""; 0]);
}
