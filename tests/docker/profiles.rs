//! Engines of other makers: the same commands, another image and its profile.

use crate::{
    machine::{self, MINISTACK, Site, docker},
    workshop::alarms_follow_the_file,
};

#[test]
fn ministack_does_what_localstack_does() {
    if !machine::is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let site = Site::new();
    let up = site.ok(&["up", "--image", MINISTACK, "--json"]);
    assert_eq!(up.json()["data"]["engine"], "localstack", "an image is named, so a container is wanted");
    assert_eq!(site.inspect("localstack-main", "{{len .HostConfig.Binds}}"), "0", "its profile needs no socket");
    let described = site.ask_engine("ec2", "POST /", "Action=DescribeInstances&Version=2016-11-15");
    assert!(described.contains("DescribeInstancesResponse"), "{described}");
    assert!(!described.contains("<instanceId>"), "warming up makes no instance: {described}");
    let url = site.ok(&["deploy", "--json"]).json()["data"]["url"].clone();
    site.ok(&["test"]);
    site.ok(&["status", "--check"]);
    alarms_follow_the_file(&site);

    docker(&["restart", "-t", "2", &site.name("localstack-main")]);
    site.ok(&["up"]);
    assert_eq!(site.ok(&["deploy", "--json"]).json()["data"]["url"], url, "its own tag pins the API's id");
    site.ok(&["clean", "--yes"]);
    assert_eq!(site.containers(), [""; 0]);
}
