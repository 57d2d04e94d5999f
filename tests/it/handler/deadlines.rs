//! Each deadline by itself, at its real value, against something that never answers: the others are so long that only it
//! can end the wait.

use super::{
    code, config,
    fake_ec2::{FakeEc2, FakeInstance, Fault},
    get,
};
use atelier::{
    aws::Connection,
    clock::Clock,
    handler::{Config, Deadlines, Handler},
    proxy::ProxyAddress,
    secret::Secret,
};
use futures_util::FutureExt;
use std::{
    net::{SocketAddr, TcpStream},
    pin::pin,
    sync::Mutex,
    time::Duration,
};
use time::OffsetDateTime;
use tokio::{
    net::{TcpListener, TcpSocket},
    time::{Instant, sleep, timeout},
};

const SHORT: Duration = Duration::from_millis(200);
/// The longest wait for anything; passing it fails the test.
const LONG: Duration = Duration::from_secs(20);
const ENDLESS: Deadlines =
    Deadlines { connect: Duration::from_hours(1), call: Duration::from_hours(1), handler: Duration::from_hours(1) };

/// A port at which no connection is ever made: the queue of those that wait to be accepted is full.
struct Deaf {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Deaf {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, SHORT) {
            waiting.push(stream);
        }
        Self { address, _listener: listener, _waiting: waiting }
    }
}

fn docker(address: SocketAddr, deadlines: Deadlines, clock: &Clock) -> Handler {
    let door = ProxyAddress { url: format!("http://{address}"), token: Secret::new("t") };
    Handler::new(Config { docker: Some(door), deadlines, clock: clock.clone(), ..config() })
}

fn ec2(connection: Connection, deadlines: Deadlines, clock: &Clock) -> Handler {
    Handler::new(Config { ec2: Some(connection), deadlines, clock: clock.clone(), ..config() })
}

async fn outcome(handler: &Handler, query: &str) -> (u16, String) {
    let (status, body) = get(handler, query).await;
    (status, code(&body))
}

/// Asks, and moves the clock by `deadline` once `is_reached` says that the upstream has been asked: nothing comes until a
/// moment before that. Gives what comes then.
async fn outcome_after(
    deadline: Duration,
    (handler, clock): (&Handler, &Clock),
    query: &str,
    is_reached: impl AsyncFn(),
) -> (u16, String) {
    let mut answer = pin!(outcome(handler, query));
    tokio::select! {
        biased;
        early = &mut answer => panic!("nobody answered: {early:?}"),
        () = is_reached() => {}
    }
    clock.advance(deadline.saturating_sub(Duration::from_millis(1)));
    let early = answer.as_mut().now_or_never();
    assert!(early.is_none(), "{early:?} a moment before {deadline:?}");
    clock.advance(Duration::from_millis(1));
    timeout(LONG, answer).await.unwrap()
}

fn deadline() -> (u16, String) {
    (504, "deadline".to_owned())
}

/// A clock that a test moves.
fn clock() -> Clock {
    Clock::manual(OffsetDateTime::UNIX_EPOCH)
}

#[test]
fn the_deadlines_nest() {
    let Deadlines { connect, call, handler } = Deadlines::default();
    assert_eq!([connect, call, handler].map(|deadline| deadline.as_secs()), [2, 20, 25]);
}

#[tokio::test]
async fn a_connection_that_is_never_made_is_a_503_after_2_seconds() {
    // Both by the machine's clock: the connectors are hyper's and the SDK's own. Everything else is endless.
    let deaf = Deaf::new();
    let deadlines = Deadlines { connect: Deadlines::default().connect, ..ENDLESS };
    let connection = FakeEc2::start(Vec::new()).await.connection();
    let connection = Connection { endpoint: Some(format!("http://{}", deaf.address)), ..connection };
    let (docker, ec2) = (docker(deaf.address, deadlines, &clock()), ec2(connection, ENDLESS, &clock()));
    let began = Instant::now();
    let both = timeout(LONG, async {
        tokio::join!(outcome(&docker, "target=docker&action=list"), outcome(&ec2, "action=status"))
    });
    let unavailable = (503, "unavailable".to_owned());
    assert_eq!(both.await.unwrap(), (unavailable.clone(), unavailable));
    assert!(began.elapsed() >= deadlines.connect, "neither gives up early");
}

#[tokio::test]
async fn a_call_that_is_never_answered_is_a_504_after_20_seconds_and_not_made_again() {
    let (clock, deadlines) = (clock(), Deadlines { call: Deadlines::default().call, ..ENDLESS });
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let handler = docker(silent.local_addr().unwrap(), deadlines, &clock);
    let connection = Mutex::new(None);
    let is_reached = async || {
        let accepted = silent.accept().await.unwrap();
        *connection.lock().unwrap() = Some(accepted);
    };
    let query = "target=docker&action=stop&name=mycontainer";
    assert_eq!(outcome_after(deadlines.call, (&handler, &clock), query, is_reached).await, deadline());

    let fake = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    fake.fail(Fault::Silence);
    let handler = ec2(fake.connection(), deadlines, &clock);
    let is_reached = async || fake.is_asked().await;
    assert_eq!(outcome_after(deadlines.call, (&handler, &clock), "action=start", is_reached).await, deadline());
    assert_eq!(fake.count(), 1);
}

#[tokio::test]
async fn a_request_that_never_ends_is_a_504_after_25_seconds_whatever_it_waits_for() {
    let (clock, deadlines) = (clock(), Deadlines { handler: Deadlines::default().handler, ..ENDLESS });
    let deaf = Deaf::new();
    let handler = docker(deaf.address, deadlines, &clock);
    let query = "target=docker&action=list";
    assert_eq!(outcome_after(deadlines.handler, (&handler, &clock), query, async || ()).await, deadline());

    let fake = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    fake.never_settle();
    let handler = ec2(fake.connection(), deadlines, &clock);
    let is_reached = async || {
        while fake.changes().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert_eq!(outcome_after(deadlines.handler, (&handler, &clock), "action=start", is_reached).await, deadline());
    assert_eq!(fake.changes(), ["StartInstances"], "every call is answered, and the instance settles never");
}
