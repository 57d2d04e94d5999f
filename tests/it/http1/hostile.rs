//! What hostile and broken clients get: a refusal, a closed connection, and no way to the service.

use super::Door;
use crate::support::raw::{Client, refused};
use atelier::http1::Limits;
use std::time::Duration;

/// Requests that no door accepts, with the reason that each is refused for.
const NEVER: &[(&str, &str)] = &[
    // Line ends.
    ("GET / HTTP/1.1\nHost: x\n\n", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: x\n\r\n", "bad_byte"),
    ("GET / HTTP/1.1\rHost: x\r\r", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: x\r\n\n", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\r\n\r\n", "bad_byte"),
    ("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    // Bytes.
    ("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: \u{1b}[2J\r\n\r\n", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA:\tb\r\n\r\n", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: \u{7f}\r\n\r\n", "bad_byte"),
    ("GET /é HTTP/1.1\r\nHost: x\r\n\r\n", "bad_byte"),
    ("GET / HTTP/1.1\r\nHost: é\r\n\r\n", "bad_byte"),
    // The request line.
    ("GET /\r\n\r\n", "bad_request_line"),
    ("GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("GET /  HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    (" GET / HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", "bad_request_line"),
    ("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("get / HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("AAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("GET / http/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("GET / ICY/1.1\r\nHost: x\r\n\r\n", "bad_request_line"),
    ("GET / HTTP/1.0\r\nHost: x\r\n\r\n", "bad_version"),
    ("GET / HTTP/1.10\r\nHost: x\r\n\r\n", "bad_version"),
    ("GET / HTTP/2\r\nHost: x\r\n\r\n", "bad_version"),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "bad_version"),
    // The target.
    ("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET https://169.254.169.254/latest/ HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET a HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET ?a HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET /a% HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET /a%2 HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET /<a> HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    ("GET /[a] HTTP/1.1\r\nHost: x\r\n\r\n", "bad_target"),
    // Header lines.
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "bad_header"),
    ("GET / HTTP/1.1\r\n Host: x\r\n\r\n", "bad_header"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", "bad_header"),
    ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", "bad_header"),
    ("GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", "bad_header"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n", "bad_header"),
    ("GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", "bad_header"),
    ("GET / HTTP/1.1\r\nHost: x\r\n(A): c\r\n\r\n", "bad_header"),
    // The host.
    ("GET / HTTP/1.1\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: x, y\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: a@x\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: x:y\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: x:80:80\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: x:99999\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: [x]\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", "bad_host"),
    ("GET / HTTP/1.1\r\nHost: x?\r\n\r\n", "bad_host"),
    // Lengths.
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 01\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1 1\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1.0\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\na", "bad_length"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", "body_too_large"),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n", "body_too_large"),
    // Smuggling.
    (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "length_and_coding",
    ),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "length_and_coding",
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: x\r\n\r\n", "length_and_coding"),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "bad_coding",
    ),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "bad_coding",
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "bad_coding"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "bad_coding"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "bad_coding"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", "bad_coding"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", "bad_coding"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n", "bad_coding"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "bad_header"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "bad_header"),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\u{b}chunked\r\n\r\n0\r\n\r\n", "bad_byte"),
    // Options.
    ("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n", "bad_connection"),
    ("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n\r\n", "bad_connection"),
    ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close, x-api-key\r\n\r\n", "bad_connection"),
    ("GET / HTTP/1.1\r\nHost: x\r\nTrailer: a\r\n\r\n", "trailer"),
    ("POST / HTTP/1.1\r\nHost: x\r\nExpect: a\r\nContent-Length: 1\r\n\r\n", "bad_expectation"),
];

/// Chunked bodies that a strict decoder refuses.
const BAD_CHUNKS: &[&str] = &[
    "g\r\n",
    "1;a=b\r\na\r\n0\r\n\r\n",
    "1 \r\na\r\n0\r\n\r\n",
    " 1\r\na\r\n0\r\n\r\n",
    "0x1\r\na\r\n0\r\n\r\n",
    "+1\r\na\r\n0\r\n\r\n",
    "-1\r\na\r\n0\r\n\r\n",
    "01\r\na\r\n0\r\n\r\n",
    "00\r\n\r\n",
    "1\na\n0\n\n",
    "1\r\nab\r\n0\r\n\r\n",
    "1\r\na0\r\n\r\n",
    "1\r\na\n0\r\n\r\n",
    "\r\n1\r\na\r\n0\r\n\r\n",
    "0\r\nA: b\r\n\r\n",
    "0\r\n \r\n",
    "fffffffff\r\n",
    "1\rX",
];

#[tokio::test]
async fn no_door_lets_a_hostile_request_through() {
    let door = Door::open(Limits::edge()).await;
    for (bytes, reason) in NEVER {
        let answer = refused(door.address, bytes).await;
        assert_eq!(answer.text(), *reason, "{bytes:?}");
        assert!((400..=505).contains(&answer.status), "{bytes:?}");
        assert_eq!(answer.header("connection"), Some("close"), "{bytes:?}");
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn a_malformed_chunked_body_is_refused() {
    let door = Door::open(Limits::edge()).await;
    for body in BAD_CHUNKS {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = refused(door.address, format!("{head}{body}")).await;
        assert_eq!((answer.status, answer.text().as_str()), (400, "bad_chunk"), "{body:?}");
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn what_follows_a_refused_request_is_never_read_as_one() {
    let door = Door::open(Limits::edge()).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    for (bytes, _) in NEVER {
        refused(door.address, format!("{bytes}{smuggled}")).await;
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn a_door_without_bodies_refuses_their_announcement() {
    let door = Door::open(Limits::proxy()).await;
    for (bytes, status) in [
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        ("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", 417),
    ] {
        assert_eq!(refused(door.address, bytes).await.status, status, "{bytes:?}");
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_with_its_own_status() {
    let limits = Limits { body_bytes: 8, ..Limits::edge() };
    let door = Door::open(limits).await;
    let long = "a".repeat(20_000);
    let many = "A: b\r\n".repeat(200);
    for (bytes, status) in [
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", &long[..9000]), 414),
        (format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), 414),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nA: {long}\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"), 431),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789".to_owned(), 413),
        ("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345".to_owned(), 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n".to_owned(), 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n1\r\n".to_owned(), 413),
    ] {
        assert_eq!(refused(door.address, &bytes).await.status, status, "{}", &bytes[..60.min(bytes.len())]);
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn a_client_that_stops_in_the_middle_is_told_that_it_took_too_long() {
    // Long enough for what is sent at once, however busy the machine is.
    let short = Duration::from_millis(500);
    let door = Door::open(Limits { head_time: short, body_time: short, ..Limits::edge() }).await;
    for bytes in [
        "G",
        "GET / HTTP/1.1\r\nHost: x\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na",
    ] {
        assert_eq!(refused(door.address, bytes).await.status, 408, "{bytes:?}");
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn a_silent_connection_is_closed_without_a_word() {
    let short = Duration::from_millis(50);
    let door = Door::open(Limits { head_time: short, ..Limits::edge() }).await;
    let mut silent = Client::connect(door.address).await;
    silent.closed().await;
    door.close().await;
    let door = Door::open(Limits { idle_time: short, ..Limits::edge() }).await;
    let mut idle = Client::connect(door.address).await;
    idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(idle.answer().await.unwrap().status, 200);
    idle.closed().await;
    door.close().await;
}

#[tokio::test]
async fn a_request_cut_short_is_not_a_request() {
    let door = Door::open(Limits::edge()).await;
    for bytes in [
        "GET / HTTP/1.1\r\nHost: x\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ] {
        let mut client = Client::connect(door.address).await;
        client.send(bytes).await;
        client.finish().await;
        assert_eq!(client.answer().await.unwrap().text(), "truncated", "{bytes:?}");
        client.closed().await;
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_a_free_place_is_used_again() {
    let door = Door::open(Limits { connections: 1, ..Limits::edge() }).await;
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut first = Client::connect(door.address).await;
    first.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    door.recorder.arrived.notified().await;
    assert_eq!(refused(door.address, request).await.status, 503);
    door.recorder.release.notify_one();
    assert_eq!(first.answer().await.unwrap().status, 200);
    drop(first);
    // The place is free when the server has noticed, which no client can see but by trying.
    let again = async {
        loop {
            let mut client = Client::connect(door.address).await;
            client.send(request).await;
            if client.answer().await.is_some_and(|answer| answer.status == 200) {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), again).await.unwrap();
    door.close().await;
}

#[tokio::test]
async fn whoever_only_holds_connections_open_keeps_nobody_out() {
    let door = Door::open(Limits { connections: 4, ..Limits::edge() }).await;
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    // Silent, in the middle of a head or of a body, and idle between two requests.
    let mut held = Vec::new();
    for bytes in ["", "GET / HT", request, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na"] {
        let mut client = Client::connect(door.address).await;
        client.send(bytes).await;
        if bytes == request {
            assert_eq!(client.answer().await.unwrap().status, 200);
        }
        held.push(client);
    }
    for _ in 0..4 {
        let mut client = Client::connect(door.address).await;
        client.send(request).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
        held.push(client);
    }
    // Those who had waited longest are gone.
    for client in &mut held[..4] {
        client.closed().await;
    }
    door.close().await;
}

#[tokio::test]
async fn a_service_may_answer_before_the_body_is_read() {
    let door = Door::open(Limits::edge()).await;
    for framing in ["Content-Length: 1000000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\nfff\r\nabc"] {
        let answer = refused(door.address, format!("POST /refused HTTP/1.1\r\nHost: x\r\n{framing}")).await;
        assert_eq!((answer.status, answer.text().as_str()), (429, "refused"), "{framing}");
        assert_eq!(answer.header("connection"), Some("close"));
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn bodies_of_every_size_and_framing_are_counted_and_those_of_known_clients_apart() {
    let limits = Limits { strangers_bytes: 64 * 1024, known_bytes: 64 * 1024, ..Limits::edge() };
    let door = Door::open(limits).await;
    // Many small ones, none of which ends; what they will need is theirs when they are told to go on.
    let begun = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4000\r\n\r\n";
    let mut half = Vec::new();
    for _ in 0..16 {
        let mut client = Client::connect(door.address).await;
        client.send(begun).await;
        assert_eq!(client.answer().await.unwrap().status, 100);
        half.push(client);
    }
    let last = half.last_mut().unwrap();
    last.send(vec![b'a'; 4000]).await;
    assert_eq!(last.answer().await.unwrap().status, 200);
    let mut again = Client::connect(door.address).await;
    again.send(begun).await;
    assert_eq!(again.answer().await.unwrap().status, 100);
    let full = |path: &str, framing: &str| format!("POST {path} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n");
    for framing in ["Content-Length: 9000", "Transfer-Encoding: chunked"] {
        let start = if framing.starts_with('C') { "a" } else { "2000\r\na" };
        let refusal = refused(door.address, full("/", framing) + start).await;
        assert_eq!((refusal.status, refusal.text().as_str()), (503, "no_room"), "{framing}");
    }
    let mut known = Client::connect(door.address).await;
    known.send(full("/known", "Content-Length: 9000") + &"a".repeat(9000)).await;
    assert_eq!(known.answer().await.unwrap().status, 200);
    door.close().await;
}

#[tokio::test]
async fn the_body_of_a_known_client_is_not_given_up() {
    let door = Door::open(Limits { connections: 1, ..Limits::edge() }).await;
    let mut known = Client::connect(door.address).await;
    known.send("POST /known HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").await;
    assert_eq!(known.answer().await.unwrap().status, 100);
    assert_eq!(refused(door.address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 503);
    known.send("ab").await;
    assert_eq!(known.answer().await.unwrap().text(), "POST /known ab");
    door.close().await;
}
