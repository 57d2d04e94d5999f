//! Whose is it: resources of our names that are not ours, duplicates, leftovers, and engines that are not the last one.

use super::{
    foreign::{NEIGHBOURS, OURS, Somebody},
    lab::Lab,
};
use serde_json::{Value, json};

const OUR_TAGS: [(&str, &str); 2] = [("atelier:stack", "atelier"), ("atelier:part", "instance")];

/// Runs a deploy that must be refused because of what was planted, and asserts that nothing was changed.
fn refused(plant: impl Fn(&Somebody)) -> Value {
    let mut lab = Lab::bare();
    plant(&lab.somebody());
    lab.before = lab.inventory();
    let output = lab.project.run(&["deploy", "--json"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert_eq!(lab.inventory(), lab.before);
    lab.empty();
    output.json()["error"].clone()
}

#[test]
fn a_role_a_function_or_an_api_of_our_name_is_refused_with_its_owners_name() {
    let role = refused(|somebody| somebody.role(OURS.role, &[]));
    let function = refused(|somebody| {
        somebody.role(NEIGHBOURS.role, &[]);
        somebody.function(OURS.function, NEIGHBOURS.role);
    });
    let api = refused(|somebody| somebody.api(OURS.api, &[]));
    for (error, name) in [(role, OURS.role), (function, OURS.function), (api, OURS.api)] {
        assert_eq!(error["code"], "not_ours");
        assert!(error["message"].as_str().unwrap().contains(&format!("`{name}`")), "{error}");
        assert!(!error["hints"].as_array().unwrap().is_empty(), "{error}");
    }
    let tagged = refused(|somebody| somebody.api(OURS.api, &[("atelier:stack", "theirs"), ("atelier:part", "api")]));
    assert!(tagged["message"].as_str().unwrap().contains("stack `theirs`"), "{tagged}");
}

#[test]
fn an_instance_or_a_log_group_of_our_name_is_no_obstacle_and_stays_as_it_is() {
    let mut lab = Lab::bare();
    lab.somebody().instance(OURS.instance, &[]);
    lab.somebody().log_group(OURS.log_group, &[]);
    lab.before = lab.inventory();
    lab.ok(&["deploy"]);
    assert_eq!(lab.before.without(&lab.inventory()), lab.before.without(&lab.before), "nothing of theirs is gone");
    lab.settled();
    lab.ok(&["status", "--check"]);
    lab.restored();
}

#[test]
fn of_duplicates_the_oldest_stays_and_of_equally_old_ones_the_lowest_id() {
    let lab = Lab::bare();
    for _ in 0..3 {
        lab.somebody().instance(OURS.instance, &OUR_TAGS);
        lab.somebody().api(OURS.api, &[("atelier:stack", "atelier"), ("atelier:part", "api")]);
    }
    let oldest = |kind: &str, age: fn(&Value) -> u64| {
        let there = lab.inventory();
        let mut ids: Vec<_> = there.of(kind).map(|(id, thing)| (age(thing), id.to_owned())).collect();
        assert_eq!(ids.len(), 3);
        ids.sort();
        ids.swap_remove(0).1
    };
    // AWS tells seconds.
    let instance = oldest("instance", |thing| thing["launched"].as_u64().unwrap() / 1000);
    let api = oldest("api", |thing| {
        let at = |index: usize| thing["created"][index].as_u64().unwrap();
        // Day of the year, hour, minute, second; not the fraction.
        (2..5).fold(at(1), |time, index| time * 60 + at(index))
    });
    let (data, _) = lab.ok(&["deploy"]);
    assert_eq!((&data["instance_id"], &data["api_id"]), (&json!(instance), &json!(api)));
    lab.ok(&["status", "--check"]);
    lab.settled();
    lab.restored();
}

#[test]
fn clean_all_finds_stacks_of_which_one_part_is_left_of_whatever_kind() {
    let lab = Lab::new();
    let tags = |stack: &'static str, part: &'static str| [("atelier:stack", stack), ("atelier:part", part)];
    let somebody = lab.somebody();
    somebody.instance("one", &tags("one", "instance"));
    somebody.role("two-infrastructure-handler", &tags("two", "role"));
    somebody.log_group("/aws/lambda/three-infrastructure-handler", &tags("three", "log-group"));
    somebody.api("four", &tags("four", "api"));
    somebody.key("five", &tags("five", "key"));
    somebody.usage_plan("six", &tags("six", "usage-plan"));
    let (data, _) = lab.ok(&["clean", "--yes"]);
    assert_eq!(data["removed"], json!([]), "of other stacks, nothing without `--all`");
    let (data, _) = lab.ok(&["clean", "--yes", "--all"]);
    assert_eq!(data["removed"].as_array().unwrap().len(), 6, "{data}");
    lab.empty();
}

#[test]
fn stacks_of_one_name_in_two_regions_share_nothing() {
    let lab = Lab::bare();
    let there = ["--region", "eu-west-3"];
    lab.ok(&["deploy"]);
    let first = lab.inventory();
    lab.ok(&[&["clean", "--yes"][..], &there].concat());
    assert_eq!(lab.inventory(), first, "nothing of this region goes with another's");
    lab.ok(&[&["deploy"][..], &there].concat());
    assert_eq!(first.without(&lab.inventory()), first.without(&first), "nothing of the first is gone");
    let both = lab.inventory();
    assert_eq!(both.of("role").count(), 2);
    lab.settled();
    assert_eq!(lab.ok(&[&["deploy"][..], &there].concat()).0["changed"], false);
    assert_eq!(lab.inventory(), both);
    lab.ok(&["clean", "--yes"]);
    assert_eq!(lab.inventory(), both.without(&first), "nothing of the other region goes with this one's");
    lab.ok(&["status", "--check", "--region", "eu-west-3"]);
    lab.ok(&[&["clean", "--yes"][..], &there].concat());
    lab.empty();
}

#[test]
fn a_clean_of_another_stack_leaves_this_ones_files() {
    let lab = Lab::bare();
    let files =
        || [".api_id", ".instance_id", ".atelier/state.json"].map(|name| lab.project.path().join(name).exists());
    lab.ok(&["deploy", "--stack", "other"]);
    lab.ok(&["clean", "--yes"]);
    assert_eq!(files(), [true; 3], "they tell of `other`, which is still there");
    lab.ok(&["clean", "--yes", "--stack", "other"]);
    assert_eq!(files(), [false; 3]);
    lab.ok(&["deploy", "--stack", "other"]);
    lab.ok(&["clean", "--yes", "--all"]);
    assert_eq!(files(), [false; 3], "`--all` took `other` away");
    lab.empty();
}

#[test]
fn the_engine_here_stays_when_it_is_another_one_that_was_cleaned_or_a_stack_is_left_in_another_region() {
    let lab = Lab::bare();
    // A record of a proxy in a container, and no Docker to remove it with: dismantling is an error, not doing it is none.
    let path = lab.project.path().join(".atelier/engine.json");
    let record = std::fs::read_to_string(&path).unwrap();
    let mut record: Value = serde_json::from_str(&record).unwrap();
    record["docker_proxy"] = json!("http://172.17.0.1:2375");
    std::fs::write(&path, record.to_string()).unwrap();
    let clean = |args: &[&str]| {
        let mut command = lab.project.command(&[&["clean", "--yes"], args].concat());
        command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
        crate::support::Running::start(command).end()
    };
    let other = Lab::bare();
    let credentials = |lab: &Lab| lab.project.path().join(".atelier/credentials.json");
    std::fs::copy(credentials(&lab), credentials(&other)).unwrap();
    other.restart(false);
    let elsewhere = clean(&["--endpoint", &format!("http://127.0.0.1:{}", other.port)]);
    assert_eq!(elsewhere.code, Some(0), "{elsewhere:?}");
    lab.ok(&["deploy", "--region", "eu-west-3"]);
    let here = clean(&[]);
    assert_eq!(here.code, Some(0), "{here:?}");
    lab.ok(&["clean", "--yes", "--region", "eu-west-3"]);
    let last = clean(&[]);
    assert_eq!(last.code, Some(4), "{last:?}");
}

#[test]
fn another_region_or_account_is_told_before_anything_is_changed_and_keeps_its_files() {
    let lab = Lab::bare();
    lab.ok(&["deploy"]);
    let state = || std::fs::read_to_string(lab.project.path().join(".atelier/state.json")).unwrap();
    let first = state();
    let cleaned = lab.project.run(&["clean", "--yes", "--region", "eu-west-3"]);
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    assert!(cleaned.stderr.contains("000000000000/us-east-1 and this is 000000000000/eu-west-3"), "{cleaned:?}");
    assert_eq!(state(), first, "the stack that it tells of is still there");
    lab.ok(&["status", "--check"]);

    let deployed = lab.project.run(&["deploy", "--region", "eu-west-3"]);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    let told = deployed.stderr.lines().next().unwrap();
    assert!(told.contains("was in 000000000000/us-east-1, this one goes to 000000000000/eu-west-3"), "{deployed:?}");
    lab.project.run(&["clean", "--yes", "--region", "eu-west-3"]);

    lab.project.write(".atelier/state.json", &first.replace("000000000000", "123456789012"));
    let deployed = lab.project.run(&["deploy"]);
    let told = deployed.stderr.lines().next().unwrap();
    assert!(told.contains("was in 123456789012/us-east-1, this one goes to 000000000000/us-east-1"), "{deployed:?}");
    lab.restored();
}

#[test]
fn parts_that_were_taken_away_by_hand_are_told_and_made_again() {
    let lab = Lab::bare();
    lab.project.run(&["deploy"]);
    let state = std::fs::read_to_string(lab.project.path().join(".atelier/state.json")).unwrap();
    lab.ok(&["clean", "--yes"]);
    lab.project.write(".atelier/state.json", &state);
    let output = lab.project.run(&["deploy"]);
    assert!(output.stderr.starts_with("what the last deployment made is no longer there"), "{output:?}");
    lab.restored();
}
