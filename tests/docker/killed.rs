//! `up` killed at each call that changes something at the daemon, and two of them at once.

use crate::{
    machine::{self, MINISTACK, SOCKET, Site, docker},
    support::{
        Output, Running,
        fault::{At, Fault, FaultProxy},
    },
};

const UP: [&str; 4] = ["up", "--image", MINISTACK, "--json"];

/// Runs `up` with its calls to the daemon through a proxy, which may do something to one of them.
fn up_through(proxy: &FaultProxy, site: &Site) -> Output {
    let mut command = site.project().command(&UP);
    command.env("DOCKER_HOST", format!("tcp://127.0.0.1:{}", proxy.port));
    let running = Running::start(command);
    proxy.aim(running.pid());
    running.end()
}

fn set(site: &Site) -> [String; 3] {
    ["atelier-edge", "docker-proxy", "localstack-main"].map(|name| site.name(name))
}

/// Takes away what `up` makes.
fn restore(site: &Site) {
    docker(&[&["rm", "-f", "-v"][..], &site.containers().iter().map(String::as_str).collect::<Vec<_>>()].concat());
    docker(&["rmi", &site.images()]);
}

#[test]
fn wherever_up_is_killed_the_next_one_makes_the_set_whole() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    let proxy = FaultProxy::to_socket(SOCKET);
    assert_eq!(up_through(&proxy, &site).code, Some(0));
    let calls = proxy.calls();
    let changes = calls.iter().filter(|call| call.is_mutating()).count();
    // The image, and three containers that are created and started.
    assert_eq!(changes, 7, "{calls:?}");
    for number in 0..changes {
        restore(&site);
        let fault = if number % 2 == 0 { Fault::KillAfter } else { Fault::KillBefore };
        let proxy = FaultProxy::to_socket(SOCKET);
        proxy.arm(Some((At::Change(number), fault)));
        let killed = up_through(&proxy, &site);
        assert!(proxy.has_struck() && killed.code.is_none(), "{number}: {killed:?}");
        drop(proxy);

        site.ok(&UP);
        assert_eq!(site.containers(), set(&site));
        let status = site.run(&["status", "--json"]).json();
        let components = status["data"]["components"].as_array().unwrap();
        assert_eq!(components.len(), 3, "{number}: {status}");
        assert!(components.iter().all(|component| component["health"] == "healthy"), "{number}: {status}");
        assert_eq!(site.ok(&UP).json()["data"]["changed"], false, "{number}");
    }
    site.ok(&["clean", "--yes"]);
    site.left_nothing();
}

#[test]
fn of_two_ups_at_once_one_does_it_and_the_other_finds_it_done() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    let both = [(); 2].map(|()| Running::start(site.project().command(&UP)));
    let mut changed = both.map(|running| {
        let output = running.end();
        assert_eq!(output.code, Some(0), "{output:?}");
        output.json()["data"]["changed"].as_bool().unwrap()
    });
    changed.sort_unstable();
    assert_eq!(changed, [false, true]);
    assert_eq!(site.containers(), set(&site));
    site.ok(&["down"]);
}
