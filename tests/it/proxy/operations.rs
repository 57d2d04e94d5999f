//! What the six operations do, and what the daemon is sent for them.

use super::{
    TOKEN, World,
    daemon::{Fault, OWNER, PROJECT, change_request, container, list_request},
    request, send,
};
use crate::support::raw::Client;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::{task::JoinSet, time::timeout};

/// The longest wait for anything; passing it fails the test.
const DEADLINE: Duration = Duration::from_secs(20);

/// What is said to a change that would have to wait for another one that waits itself.
const BUSY: &str = r#"{"error":"Other changes of this container are on their way","code":"busy"}"#;

fn ours(id: char, name: &str, state: &str) -> serde_json::Value {
    container(id, name, state, Some(OWNER))
}

/// One of this installation that was made for a folder.
fn of_project(id: char, name: &str, project: &str) -> serde_json::Value {
    let mut container = ours(id, name, "running");
    container["Labels"]["atelier.project"] = project.into();
    container
}

fn shown(id: char, name: &str, state: &str) -> String {
    let id = id.to_string().repeat(64);
    format!(r#"{{"id":"{id}","name":"{name}","state":"{state}","image":"nginx:alpine"}}"#)
}

#[tokio::test]
async fn the_daemon_is_sent_constants_and_its_own_id_and_nothing_else() {
    let world = World::start(vec![ours('a', "mycontainer", "running")]).await;
    assert_eq!(world.ask("GET /_ping").await, (200, "OK".to_owned()));
    let all = format!(r#"{{"containers":[{}]}}"#, shown('a', "mycontainer", "running"));
    assert_eq!(world.ask("GET /containers").await, (200, all));
    assert_eq!(world.ask("GET /containers/mycontainer").await, (200, shown('a', "mycontainer", "running")));
    assert_eq!(world.ask("POST /containers/mycontainer/stop").await, (200, shown('a', "mycontainer", "exited")));
    assert_eq!(world.ask("POST /containers/mycontainer/start").await, (200, shown('a', "mycontainer", "running")));
    assert_eq!(world.ask("POST /containers/mycontainer/restart").await, (200, shown('a', "mycontainer", "running")));
    let id = "a".repeat(64);
    let list = list_request();
    let expected = [
        "GET /_ping HTTP/1.1\r\nhost: docker\r\n\r\n".to_owned(),
        list.clone(),
        list.clone(),
        list.clone(),
        change_request(&id, "stop"),
        list.clone(),
        list.clone(),
        change_request(&id, "start"),
        list.clone(),
        list.clone(),
        change_request(&id, "restart"),
        list,
    ];
    assert_eq!(world.daemon.seen(), expected);
}

#[tokio::test]
async fn starting_what_runs_and_stopping_what_is_stopped_is_a_success() {
    let world = World::start(vec![ours('a', "one", "running"), ours('b', "two", "exited")]).await;
    assert_eq!(world.ask("POST /containers/one/start").await, (200, shown('a', "one", "running")));
    assert_eq!(world.ask("POST /containers/two/stop").await, (200, shown('b', "two", "exited")));
}

#[tokio::test]
async fn a_container_that_goes_when_it_stops_has_stopped() {
    let mut passing = ours('a', "one", "running");
    passing["AutoRemove"] = true.into();
    let world = World::start(vec![passing]).await;
    assert_eq!(world.ask("POST /containers/one/stop").await, (200, shown('a', "one", "removing")));
    assert_eq!(world.ask("POST /containers/one/stop").await.0, 404);
}

#[tokio::test]
async fn not_ours_and_absent_are_the_same_answer_to_the_byte() {
    let world = World::start(vec![
        ours('a', "mine", "running"),
        container('b', "foreign", "running", None),
        container('c', "others", "running", Some("ffffffffffffffffffffffffffffffff")),
        of_project('d', "neighbours", "/home/ann/site2"),
        of_project('e', "here", PROJECT),
    ])
    .await;
    let all = format!(r#"{{"containers":[{},{}]}}"#, shown('a', "mine", "running"), shown('e', "here", "running"));
    assert_eq!(world.ask("GET /containers").await, (200, all), "a daemon that ignores the filter is not believed");
    let not_found = (404, r#"{"error":"Not found","code":"not_found"}"#.to_owned());
    let (prefix, foreign_id) = ("a".repeat(12), "b".repeat(64));
    for name in ["absent", "foreign", "others", "neighbours", &prefix, &foreign_id, "Mine", "min", "mine."] {
        assert_eq!(world.ask(&format!("GET /containers/{name}")).await, not_found, "{name}");
        assert_eq!(world.ask(&format!("POST /containers/{name}/stop")).await, not_found, "{name}");
    }
    assert!(world.daemon.seen().iter().all(|request| *request == list_request()));
}

#[tokio::test]
async fn a_name_means_the_container_that_has_it_now() {
    let world = World::start(vec![ours('a', "one", "running"), ours('b', "two", "running")]).await;
    world.daemon.rename("one", "three");
    world.daemon.rename("two", "one");
    assert_eq!(world.ask("POST /containers/one/stop").await, (200, shown('b', "one", "exited")));
    let id = "a".repeat(64);
    assert_eq!(world.ask(&format!("POST /containers/{id}/stop")).await, (200, shown('a', "three", "exited")));
    assert_eq!(world.ask("GET /containers/two").await.0, 404);
}

#[tokio::test]
async fn a_name_that_is_anothers_id_never_wins_over_the_id() {
    let imposter = "a".repeat(64);
    let world = World::start(vec![ours('b', &imposter, "running"), ours('a', "victim", "running")]).await;
    assert_eq!(world.ask(&format!("POST /containers/{imposter}/stop")).await, (200, shown('a', "victim", "exited")));
}

#[tokio::test]
async fn a_paused_container_is_a_conflict_and_is_left_alone() {
    let world = World::start(vec![ours('a', "one", "paused"), ours('b', "two", "running")]).await;
    for change in ["start", "stop", "restart"] {
        let (status, body) = world.ask(&format!("POST /containers/one/{change}")).await;
        assert_eq!(status, 409);
        assert!(body.contains(r#""code":"conflict""#), "{body}");
    }
    assert!(world.daemon.seen().iter().all(|request| *request == list_request()));
    world.daemon.fail(Fault::Change(409));
    assert_eq!(world.ask("POST /containers/two/stop").await.0, 409);
}

#[tokio::test]
async fn without_the_token_nobody_but_ping_gets_in() {
    let world = World::start(vec![ours('a', "one", "running")]).await;
    for authorization in ["", "authorization: Bearer x\r\n", "authorization: Basic eDp5\r\n", "x-token: y\r\n"] {
        for line in ["GET /containers", "GET /containers/one", "POST /containers/one/stop", "GET /info"] {
            let answer = send(world.address, &format!("{line} HTTP/1.1\r\n{authorization}host: x\r\n\r\n")).await;
            assert_eq!(answer.status, 401);
            assert_eq!(answer.text(), r#"{"error":"Unauthorized","code":"unauthorized"}"#);
        }
    }
    assert!(world.daemon.seen().is_empty());
    assert_eq!(send(world.address, "GET /_ping HTTP/1.1\r\nhost: x\r\n\r\n").await.text(), "OK");
    let (twice, late) =
        (format!("authorization: Bearer {TOKEN}\r\n").repeat(2), format!("Authorization:Bearer {TOKEN}\r\n"));
    assert_eq!(send(world.address, &format!("GET /containers HTTP/1.1\r\n{twice}host: x\r\n\r\n")).await.status, 401);
    assert_eq!(send(world.address, &format!("GET /containers HTTP/1.1\r\nhost: x\r\n{late}\r\n")).await.status, 200);
}

#[tokio::test]
async fn at_most_eight_requests_are_with_the_daemon_and_none_is_lost() {
    let world = World::start(vec![ours('a', "one", "running")]).await;
    world.daemon.dawdle(Duration::from_millis(20));
    let answers = join_all((0..40).map(|_| world.ask("GET /containers"))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    assert!(world.daemon.most_open() <= 8, "{}", world.daemon.most_open());
}

#[tokio::test]
async fn of_one_container_one_change_is_with_the_daemon_at_a_time_and_equal_ones_succeed_together() {
    let world = World::start(vec![ours('a', "one", "exited"), ours('b', "two", "exited")]).await;
    world.daemon.dawdle(Duration::from_millis(20));
    let answers = join_all((0..50).map(|_| world.ask("POST /containers/one/start"))).await;
    assert!(answers.iter().all(|answer| *answer == (200, shown('a', "one", "running"))), "{answers:?}");
    assert_eq!(world.daemon.most_changes(), 1);

    let verb = |index: usize| ["stop", "start"][index % 2];
    let asked: Vec<_> = (0..40).map(|index| format!("POST /containers/one/{}", verb(index))).collect();
    let answers = join_all(asked.iter().map(|request| world.ask(request))).await;
    for (index, (status, body)) in answers.into_iter().enumerate() {
        let state = if verb(index) == "stop" { "exited" } else { "running" };
        match status {
            200 => assert_eq!(body, shown('a', "one", state), "{index}: what was asked for is what was seen"),
            _ => assert_eq!((status, body.as_str()), (503, BUSY), "{index}"),
        }
    }
    assert_eq!(world.daemon.most_changes(), 1);

    // Long enough for both to arrive, however busy the machine is.
    world.daemon.dawdle(Duration::from_millis(500));
    let both = ["POST /containers/one/start", "POST /containers/two/start"];
    let answers = join_all(both.map(|request| world.ask(request))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!(world.daemon.most_changes(), 2, "containers do not wait for each other");
}

#[tokio::test]
async fn many_changes_of_one_slow_container_keep_nobody_else_out() {
    let world = World::start(vec![ours('a', "one", "running"), ours('b', "two", "running")]).await;
    world.daemon.fail(Fault::SlowChange);
    let mut asked = JoinSet::new();
    let mut change = |verb: &str| {
        let (address, request) = (world.address, request(&format!("POST /containers/one/{verb}")));
        asked.spawn(async move { send(address, &request).await });
    };
    change("stop");
    let stopping = async {
        while world.daemon.most_changes() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, stopping).await.unwrap();
    (0..5).for_each(|_| ["start", "restart"].into_iter().for_each(&mut change));

    // The first of these waits for the stop, its equals for it, and the others for nothing.
    for _ in 0..5 {
        let refused = timeout(DEADLINE, asked.join_next()).await.unwrap().unwrap().unwrap();
        assert_eq!((refused.status, refused.text().as_str(), refused.header("retry-after")), (503, BUSY, Some("1")));
    }
    for line in ["GET /containers", "GET /containers/two"] {
        assert_eq!(timeout(DEADLINE, world.ask(line)).await.unwrap().0, 200, "{line}");
    }
    let speaking = async {
        loop {
            world.daemon.speak();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        rest = timeout(DEADLINE, asked.join_all()) => {
            assert_eq!(rest.unwrap().into_iter().map(|answer| answer.status).collect::<Vec<_>>(), [200; 6]);
        }
        () = speaking => {}
    }
}

#[tokio::test]
async fn however_many_ping_the_turns_are_for_those_with_the_token() {
    let world = World::start(vec![ours('a', "one", "running")]).await;
    world.daemon.fail(Fault::Silence);
    let ping = "GET /_ping HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut strangers = Vec::new();
    for _ in 0..20 {
        let mut client = Client::connect(world.address).await;
        client.send(ping).await;
        strangers.push(client);
    }
    let pinged = async {
        while world.daemon.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, pinged).await.unwrap();
    world.daemon.recover();
    let changed = world.ask("POST /containers/one/stop").await;
    assert_eq!(changed, (200, shown('a', "one", "exited")), "while the pings wait");
}

#[tokio::test]
async fn the_answer_to_a_ping_holds_for_a_moment() {
    let world = World::start(Vec::new()).await;
    let answers = join_all((0..20).map(|_| world.ask("GET /_ping"))).await;
    assert!(answers.iter().all(|answer| *answer == (200, "OK".to_owned())));
    // A moment is a second; a machine that needs longer for twenty requests asks again.
    assert!(world.daemon.seen().len() < 20, "{}", world.daemon.seen().len());
}
