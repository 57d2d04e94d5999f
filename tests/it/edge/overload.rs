//! Too much at once: 429 and 503, nothing lost, and normal service right after.

use super::{API, Door, NOW, Sums, add, config, flood, raw, signing::Signer};
use crate::support::raw::Client;
use atelier::{
    clock::Clock,
    edge::{Config, limits::Rate},
    http1::Limits,
};
use std::time::Duration;
use tokio::task::JoinSet;

#[tokio::test]
async fn ten_times_the_burst_yields_only_200_429_and_503() {
    let rate = Rate { per_second: 1, burst: 50 };
    let door = Door::open(Config { rate: Some(rate), in_flight: 4, ..config() }).await;
    let request = raw("GET", &format!("{API}/infra"), &[], b"");
    let mut clients = JoinSet::new();
    for _ in 0..10 {
        clients.spawn(flood(door.address, request.clone(), 50, None));
    }
    let sums = clients.join_all().await.into_iter().fold(Sums::default(), add);
    assert_eq!(sums.iter().sum::<usize>(), 500);
    assert!(sums[0] >= 1 && sums[1] >= 1, "{sums:?}");
    assert_eq!(door.seen().len(), sums[0]);
    door.close().await;
}

#[tokio::test]
async fn a_second_after_the_flood_everything_is_as_before() {
    let rate = Rate { per_second: 10, burst: 10 };
    let clock = Clock::manual(NOW);
    let door = Door::open(Config { rate: Some(rate), clock: clock.clone(), ..config() }).await;
    let request = raw("GET", &format!("{API}/infra"), &[], b"");
    // Ten times the rate for twenty seconds of the door's own clock.
    let mut sums = Sums::default();
    for _ in 0..20 {
        sums = add(sums, flood(door.address, request.clone(), 100, None).await);
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(sums, [200, 1800, 0]);
    assert_eq!(flood(door.address, request, 10, None).await, [10, 0, 0]);
    assert_eq!(door.seen().len(), 210);
    door.close().await;
}

#[tokio::test]
async fn large_bodies_share_the_doors_memory_and_a_refused_one_costs_nobody_else() {
    let limits = Limits { strangers_bytes: 256 * 1024, ..Limits::edge() };
    let door = Door::open(Config { limits, ..config() }).await;
    let head = |length: usize| raw("POST", &format!("{API}/slow"), &[("Content-Length", &length.to_string())], b"");
    let mut first = Client::connect(door.address).await;
    first.send([head(200 * 1024), vec![b'a'; 200 * 1024]].concat()).await;
    door.recorder.arrived.acquire().await.unwrap().forget();
    let mut second = Client::connect(door.address).await;
    second.send([head(200 * 1024), vec![b'b'; 200 * 1024]].concat()).await;
    let refused = second.answer().await.unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(door.get(&format!("{API}/infra")).await.status, 200);
    door.recorder.gate.add_permits(1);
    assert_eq!(first.answer().await.unwrap().status, 200);
    door.recorder.gate.add_permits(1);
    let again = door.ask("POST", &format!("{API}/slow"), &[], &vec![b'c'; 200 * 1024]).await;
    assert_eq!(again.status, 200);
    door.close().await;
}

#[tokio::test]
async fn an_invented_key_is_no_way_around_the_limit() {
    let door = Door::open(Config { rate: Some(Rate { per_second: 1, burst: 3 }), ..config() }).await;
    let mut passed = 0;
    for number in 0..20 {
        let key = format!("atl_{number}");
        let answer = door.ask("GET", &format!("{API}/infra"), &[("x-api-key", &key)], b"").await;
        assert!(matches!(answer.status, 200 | 429));
        passed += usize::from(answer.status == 200);
    }
    assert!(passed < 20, "{passed}");
    assert_eq!(door.seen().len(), passed);
    door.close().await;
}

#[tokio::test]
async fn probing_strangers_are_slowed_down_and_the_owner_is_not() {
    let door = Door::open(Config { rate: Some(Rate { per_second: 1, burst: 2 }), ..config() }).await;
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(door.get("/restapis").await.status);
        statuses.push(door.get("/_localstack/health").await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 403 | 404 | 429)), "{statuses:?}");
    for _ in 0..10 {
        let parts = Signer::default().sign("POST", "/", &[], b"");
        let headers: Vec<_> =
            parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(door.ask("POST", "/", &headers, b"").await.status, 200);
    }
    door.close().await;
}

#[tokio::test]
async fn beyond_the_cap_requests_are_turned_away_and_never_queued() {
    let door = Door::open(Config { in_flight: 2, ..config() }).await;
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(door.address).await;
        client.send(raw("GET", &format!("{API}/slow"), &[], b"")).await;
        door.recorder.arrived.acquire().await.unwrap().forget();
        waiting.push(client);
    }
    let answer = door.get(&format!("{API}/infra")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));

    // What an API call itself asks of AWS is not behind it in the queue.
    let parts = Signer::default().sign("POST", "/", &[], b"");
    let headers: Vec<_> = parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(door.ask("POST", "/", &headers, b"").await.status, 200);

    door.recorder.gate.add_permits(2);
    for mut client in waiting {
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    assert_eq!(door.get(&format!("{API}/infra")).await.status, 200);
    door.close().await;
}

#[tokio::test]
async fn everything_that_is_answered_takes_a_token_but_the_question_whether_the_engine_is_well() {
    let open = || Door::open(Config { rate: Some(Rate { per_second: 1, burst: 2 }), ..config() });
    let api = format!("{API}/infra");
    for (method, target, headers) in [
        ("OPTIONS", api.as_str(), vec![]),
        ("GET", api.as_str(), vec![("host", "evil.example")]),
        ("GET", api.as_str(), vec![("origin", "https://evil.example")]),
        ("PURGE", "/", vec![]),
        ("GET", "/restapis", vec![]),
    ] {
        let door = open().await;
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(door.ask(method, target, &headers, b"").await.status);
        }
        assert_eq!((statuses[0] == 429, statuses[1] == 429, statuses[2]), (false, false, 429), "{method} {target}");
        door.close().await;
    }
    let door = open().await;
    for _ in 0..5 {
        assert_eq!(door.get("/healthz").await.status, 200);
    }
    assert_eq!(door.get(&api).await.status, 200);
    door.close().await;
    // What is no request at all has a bucket of its own: it is no way to shut out who has the same address.
    let door = open().await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(crate::support::raw::refused(door.address, "GET / HTTP/1.0\r\n\r\n").await.status);
    }
    assert_eq!(statuses, [505, 505, 429]);
    assert_eq!(door.get(&api).await.status, 200);
    door.close().await;
}

#[tokio::test]
async fn who_comes_through_the_tunnel_takes_nothing_from_who_does_not_and_cannot_say_who_it_is() {
    let public = Some("name-4566.app.github.dev".to_owned());
    let config = Config { rate: Some(Rate { per_second: 1, burst: 4 }), public_host: public, ..config() };
    let door = Door::open(config).await;
    let target = format!("{API}/infra");
    let tunnel = [
        vec![("host", "name-4566.app.github.dev")],
        vec![("host", "name-4566.app.github.dev:443"), ("x-forwarded-for", "1.2.3.4")],
        vec![("x-forwarded-host", "name-4566.app.github.dev"), ("x-real-ip", "1.2.3.5")],
        vec![("host", "name-4566.app.github.dev"), ("forwarded", "for=1.2.3.6")],
        vec![("host", "name-4566.app.github.dev"), ("x-forwarded-for", "1.2.3.7"), ("x-api-key", "atl_x")],
    ];
    for (index, headers) in tunnel.iter().enumerate() {
        let status = door.ask("GET", &target, headers, b"").await.status;
        assert_eq!(status, if index < 4 { 200 } else { 429 }, "{headers:?}");
    }
    for index in 0..6 {
        let headers = [("x-forwarded-for", "1.2.3.8"), ("x-real-ip", "1.2.3.9"), ("forwarded", "for=1.2.3.10")];
        let status = door.ask("GET", &target, &headers[..index % 4], b"").await.status;
        assert_eq!(status, if index < 4 { 200 } else { 429 }, "{index}");
    }
    let known = [("host", "name-4566.app.github.dev"), ("x-api-key", super::KNOWN_KEY)];
    assert_eq!(door.ask("GET", &target, &known, b"").await.status, 200);
    door.close().await;
}

#[tokio::test]
async fn who_has_asked_too_much_is_told_so_before_the_body_is_read() {
    let door = Door::open(Config { rate: Some(Rate { per_second: 1, burst: 1 }), ..config() }).await;
    assert_eq!(door.ask("POST", &format!("{API}/infra"), &[], b"{}").await.status, 200);
    for target in [format!("{API}/infra"), "/".to_owned()] {
        let head = raw("POST", &target, &[("Content-Length", "1000")], b"");
        let answer = crate::support::raw::refused(door.address, head).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")), "{target}");
        assert!(answer.header("x-request-id").is_some());
    }
    door.close().await;
}

#[tokio::test]
async fn strangers_cannot_take_the_places_that_are_kept_for_known_keys() {
    let door = Door::open(Config { in_flight: 4, ..config() }).await;
    let slow = raw("GET", &format!("{API}/slow"), &[], b"");
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut client = Client::connect(door.address).await;
        client.send(&slow).await;
        door.recorder.arrived.acquire().await.unwrap().forget();
        waiting.push(client);
    }
    assert_eq!(door.get(&format!("{API}/infra")).await.status, 503);
    let known = door.ask("GET", &format!("{API}/infra"), &[("x-api-key", super::KNOWN_KEY)], b"").await;
    assert_eq!(known.status, 200);
    door.recorder.gate.add_permits(3);
    for mut client in waiting {
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    door.close().await;
}

#[tokio::test]
async fn calls_with_lent_keys_find_room_when_the_owners_calls_have_taken_theirs() {
    let door = Door::open(Config { aws_in_flight: 4, ..config() }).await;
    let request = |parts: &http::request::Parts| {
        let headers: Vec<_> =
            parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        raw("POST", parts.uri.path(), &headers, b"")
    };
    let slow = request(&Signer::default().sign("POST", "/slow", &[], b""));
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut client = Client::connect(door.address).await;
        client.send(&slow).await;
        door.recorder.arrived.acquire().await.unwrap().forget();
        waiting.push(client);
    }
    let lent = Signer { key_id: "ASIATEST", token: Some("the/session+token="), ..Signer::default() };
    for (signer, status) in [(Signer::default(), 503), (lent, 200)] {
        let mut client = Client::connect(door.address).await;
        client.send(request(&signer.sign("POST", "/", &[], b""))).await;
        assert_eq!(client.answer().await.unwrap().status, status);
    }
    door.recorder.gate.add_permits(3);
    for mut client in waiting {
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    door.close().await;
}

#[tokio::test]
async fn an_engine_that_does_not_say_is_a_503() {
    let door = Door::open(config()).await;
    let answer = door.get("/restapis/silent/dev/_user_request_/infra").await;
    assert_eq!((answer.status, answer.text().contains("unavailable")), (503, true));
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}
