//! What the next command makes of an engine that died, and of a record that was lost.

use crate::{
    bonus::name_turn,
    machine::{self, HTTPD, MINISTACK, Site, docker},
    support::eventually,
};
use atelier::engine::record::Process;
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::time::Duration;

/// The health of a component as `status` has it; `None` when it is not listed.
fn health(site: &Site, name: &str) -> Option<String> {
    let status = site.run(&["status", "--json"]).json();
    let components = status["data"]["components"].as_array().unwrap().clone();
    let found = components.iter().find(|component| component["name"] == name)?;
    found["health"].as_str().map(ToOwned::to_owned)
}

fn engine_of(up: &Value) -> (&str, &str) {
    (up["data"]["engine"].as_str().unwrap(), up["data"]["url"].as_str().unwrap())
}

#[test]
fn where_the_record_is_lost_the_containers_stand_in_for_it() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::without_port();
    let port = site.port.to_string();
    site.ok(&["up", "--image", MINISTACK, "--port", &port]);
    let url = site.ok(&["deploy", "--json"]).json()["data"]["url"].clone();
    let engine = site.inspect("localstack-main", "{{.Id}}");

    site.forget();
    site.ok(&["status", "--check"]);
    assert_eq!(site.ok(&["deploy", "--json"]).json()["data"]["url"], url);
    assert_eq!(site.ok(&["up", "--json"]).json()["data"]["changed"], false);
    assert_eq!(site.inspect("localstack-main", "{{.Id}}"), engine);

    site.forget();
    docker(&["kill", &site.name("localstack-main")]);
    site.fails(&["deploy"], 5, "not_running");
    assert_eq!(site.ok(&["down", "--json"]).json()["data"]["changed"], true);
    assert_eq!(site.containers(), [""; 0]);
    assert_eq!(site.ok(&["down", "--json"]).json()["data"]["changed"], false);
}

#[test]
fn after_a_crash_the_next_up_makes_the_same_engine_again() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::without_port();
    let port = site.port.to_string();
    site.ok(&["up", "--image", MINISTACK, "--port", &port]);
    docker(&["kill", &site.name("localstack-main"), &site.name("atelier-edge"), &site.name("docker-proxy")]);

    // Docker's silence is told as such, and changes nothing.
    for args in [&["up", "--json"][..], &["deploy", "--json"], &["down", "--json"], &["clean", "--yes", "--json"]] {
        let failed = site.run_without_docker(args);
        let code = failed.json()["error"]["code"].as_str().map(ToOwned::to_owned);
        assert_eq!((failed.code, code.as_deref()), (Some(4), Some("docker_unreachable")), "{args:?}: {failed:?}");
    }

    let up = site.ok(&["up", "--json"]).json();
    assert_eq!(engine_of(&up), ("localstack", format!("http://127.0.0.1:{port}").as_str()));
    assert_eq!(site.inspect("localstack-main", "{{.Config.Image}}"), MINISTACK);
    for name in ["localstack-main", "atelier-edge", "docker-proxy"] {
        assert_eq!(health(&site, &site.name(name)).as_deref(), Some("healthy"), "{name}");
    }

    // What only the other can do contradicts it by the flag that was typed.
    let refused = site.fails(&["up", "--stop-after", "8h"], 2, "other_engine");
    assert!(refused["message"].as_str().unwrap().starts_with("`--stop-after 8h` contradicts"), "{refused}");

    // Another engine takes its place when it is asked for, and takes its containers away.
    docker(&["kill", &site.name("localstack-main")]);
    let up = site.ok(&["up", "--engine", "embedded", "--json"]).json();
    assert_eq!(engine_of(&up), ("embedded", format!("http://127.0.0.1:{port}").as_str()));
    assert_eq!(site.containers(), [""; 0]);
    site.ok(&["down"]);
}

#[test]
fn an_image_that_never_came_up_is_not_tried_again_by_itself() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    site.fails(&["up", "--image", machine::CRASHING], 5, "engine_crashed");
    site.ok(&["up", "--image", MINISTACK]);
    docker(&["kill", &site.name("localstack-main")]);
    site.fails(&["up", "--image", machine::CRASHING], 5, "engine_crashed");
    site.ok(&["up"]);
    assert_eq!(site.inspect("localstack-main", "{{.Config.Image}}"), MINISTACK);
    site.ok(&["down"]);

    // The one that was ended is taken up again, which is said: nobody has named it this time.
    let again = site.ok(&["up"]);
    let said = format!("the LocalStack (`{MINISTACK}`) engine again, as the last time (`--engine embedded`");
    assert!(again.stderr.contains(&said), "{again:?}");
    assert_eq!(site.inspect("localstack-main", "{{.Config.Image}}"), MINISTACK);
    site.ok(&["down"]);
}

#[test]
fn clean_after_down_takes_the_bonus_and_our_images_along() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let _name = name_turn();
    let site = Site::new();
    site.ok(&["up", "--image", MINISTACK]);
    site.ok(&["bonus", "--image", HTTPD]);
    site.ok(&["down"]);
    assert_eq!(site.containers(), ["mycontainer"]);
    let asked = site.run(&["clean"]);
    assert_eq!((asked.code, asked.stderr.contains("mycontainer")), (Some(3), true), "{asked:?}");
    assert_eq!(site.containers(), ["mycontainer"], "nobody said yes");
    site.ok(&["clean", "--yes"]);
    site.left_nothing();

    // Beside the embedded engine, whose stack is kept while it is down.
    site.ok(&["up", "--engine", "embedded"]);
    site.ok(&["bonus", "--image", HTTPD]);
    site.ok(&["down"]);
    site.ok(&["up", "--engine", "embedded"]);
    site.ok(&["clean", "--yes"]);
    site.left_nothing();
    site.ok(&["down"]);
}

#[test]
fn an_engine_that_was_killed_comes_back_with_its_door_to_docker() {
    if !machine::is_here() {
        return;
    }
    let _name = name_turn();
    let site = Site::new();
    site.up_embedded_with_bonus();
    let status = site.ok(&["status", "--json"]).json();
    let pid = status["data"]["components"][0]["pid"].as_u64().unwrap();
    let engine = Process::of(pid.try_into().unwrap());
    kill_process(engine.pid().unwrap(), Signal::KILL).unwrap();
    assert!(eventually(Duration::from_secs(10), || !engine.is_alive()));

    let up = site.ok(&["up", "--json"]).json();
    assert_eq!((up["data"]["engine"].as_str(), up["data"]["changed"].as_bool()), (Some("embedded"), Some(true)));
    assert_eq!(health(&site, &site.name("docker-proxy")).as_deref(), Some("healthy"));
    site.ok(&["plan", "--check"]);
    site.ok(&["test-bonus"]);
    a_door_that_was_closed_by_hand_is_told_and_opened_again(&site);

    // Without Docker the engine ends all the same, and what stays behind is told.
    let down = site.run_without_docker(&["down"]);
    assert_eq!(down.code, Some(0), "{down:?}");
    assert!(down.stderr.contains("/nonexistent/docker.sock"), "{down:?}");
    site.ok(&["down"]);
    assert_eq!(site.containers(), ["mycontainer"]);
}

/// The doctor names it with its way back, and `up` goes it.
fn a_door_that_was_closed_by_hand_is_told_and_opened_again(site: &Site) {
    let door = site.name("docker-proxy");
    docker(&["stop", "-t", "0", &door]);
    let doctor = site.run(&["doctor", "--json"]);
    assert_eq!(doctor.code, Some(4), "{doctor:?}");
    let found = doctor.json()["data"]["findings"].as_array().unwrap().clone();
    let is_told = found.iter().any(|finding| {
        let names_it = finding["message"].as_str().is_some_and(|message| message.contains(&door));
        names_it && finding["check"] == "engine" && finding["verdict"] == "fail" && finding["fix"] == "`atelier bonus`"
    });
    assert!(is_told, "{found:?}");
    assert_eq!(health(site, &door).as_deref(), Some("stopped"));

    assert_eq!(site.ok(&["up", "--json"]).json()["data"]["changed"], true);
    assert_eq!(health(site, &door).as_deref(), Some("healthy"));
    site.ok(&["test-bonus"]);
}

#[test]
fn doors_that_hang_are_replaced() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    site.ok(&["up", "--image", MINISTACK]);
    let ids = || ["localstack-main", "atelier-edge", "docker-proxy"].map(|name| site.inspect(name, "{{.Id}}"));
    let before = ids();
    docker(&["kill", "--signal", "STOP", &site.name("atelier-edge"), &site.name("docker-proxy")]);
    assert_eq!(site.ok(&["up", "--json"]).json()["data"]["changed"], true);
    let after = ids();
    assert_eq!(before[0], after[0], "the engine stays");
    assert!(before[1] != after[1] && before[2] != after[2]);
    for name in ["atelier-edge", "docker-proxy"] {
        assert_eq!(health(&site, &site.name(name)).as_deref(), Some("healthy"), "{name}");
    }

    // What is asked for anew is made anew, and nothing else is.
    site.ok(&["up", "--rate", "7"]);
    let limited = ids();
    assert_eq!([&limited[0], &limited[2]], [&after[0], &after[2]]);
    assert_ne!(limited[1], after[1], "the edge has another rate");
    site.ok(&["down"]);
    assert_eq!(site.containers(), [""; 0]);
}

#[test]
fn a_port_that_is_left_to_atelier_is_free_and_kept() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::without_port();
    let up = site.ok(&["up", "--image", MINISTACK, "--port", "0", "--json"]).json();
    let url = up["data"]["url"].as_str().unwrap().to_owned();
    assert!(!url.ends_with(":0"), "{url}");
    let again = site.ok(&["up", "--json"]).json();
    assert_eq!((again["data"]["url"].as_str(), again["data"]["changed"].as_bool()), (Some(&*url), Some(false)));
    site.ok(&["down"]);
    assert_eq!(site.containers(), [""; 0]);
}
