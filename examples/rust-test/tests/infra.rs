//! What a test with an engine of its own looks like.

use rust_test::Engine;

#[test]
fn the_api_stops_and_starts_the_instance() {
    let engine = Engine::start();
    engine.run(&["deploy"]);
    assert!(engine.run(&["call", "stop"]).contains("\"state\":\"stopped\""));
    assert!(engine.run(&["call", "start"]).contains("\"state\":\"running\""));
    engine.run(&["test"]);
}

#[test]
fn engines_do_not_meet() {
    let (one, two) = (Engine::start(), Engine::start());
    assert_ne!(one.endpoint(), two.endpoint());
    assert!(one.variables().contains_key("AWS_ACCESS_KEY_ID"));
    one.run(&["deploy"]);
    assert!(!two.run(&["status", "--json"]).contains("infrastructure-handler\""));
}
