//! A flood of the real binary, by the system's own clock.

use super::{Sums, add, flood, raw};
use crate::support::Project;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

/// What one client may ask a second, and at once.
const RATE: usize = 20;
const BURST: usize = 10;
const CLIENTS: usize = 8;
/// How long the flood lasts, in seconds, where the machine keeps up with it.
const SECONDS: usize = 20;
/// Requests of one client: ten times the rate is what all of them ask together.
const EACH: usize = 10 * RATE * SECONDS / CLIENTS;

#[tokio::test]
async fn ten_times_the_rate_for_20_seconds_yields_only_200_429_and_503_and_normal_service_a_second_after() {
    let project = Project::new().with("ATELIER_RATE", &format!("{RATE}/{BURST}")).up();
    let deployed = project.run(&["deploy", "--json"]).json();
    let url = deployed["data"]["url"].as_str().unwrap_or_else(|| panic!("{deployed}"));
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let address: SocketAddr = authority.parse().unwrap();
    let request = raw("GET", &format!("/{path}/infra?action=status"), &[("Host", authority)], b"");

    let began = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let mut ticks = interval(Duration::from_secs(SECONDS as u64) / u32::try_from(EACH).unwrap());
        // A client that was late once asks less, and all the longer.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        clients.spawn(flood(address, request.clone(), EACH, Some(ticks)));
    }
    let sums = clients.join_all().await.into_iter().fold(Sums::default(), add);
    let ended = Instant::now();
    assert_eq!(sums.iter().sum::<usize>(), CLIENTS * EACH);
    // As many as there were tokens: the first burst, and what has flowed in since.
    let tokens = BURST + RATE * usize::try_from((ended - began).as_secs() + 1).unwrap();
    assert!((BURST..=tokens).contains(&sums[0]), "{sums:?} of {tokens}");
    assert!(sums[1] > sums[0], "most of a tenfold flood is refused: {sums:?}");

    // A second after the last request the bucket is full again, and a burst passes as if nothing had been.
    sleep_until(ended + Duration::from_secs(1)).await;
    assert_eq!(flood(address, request, BURST, None).await, [BURST, 0, 0]);
}
