//! The accept loop: it owns every connection of one door, and ends with the last of them.

use super::{
    Limits, Local, Peer, Service,
    connection::{Connection, LINGER},
    room::Pool,
    seats::Seats,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The pause after an accept that failed: out of file descriptors, say, which an immediate retry would not help.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves one door until `shutdown`; then idle connections are closed, requests in flight end (within
/// [`Limits::drain_time`]), and it returns.
pub async fn serve<S: Service>(listener: TcpListener, limits: Limits, service: Arc<S>, shutdown: CancellationToken) {
    let (pool, seats) = (Pool::new(&limits), Seats::new(limits.connections));
    let door = Door { pool, seats, limits: Arc::new(limits), service, shutdown };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = door.shutdown.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => door.admit(&mut connections, stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let drained = timeout(door.limits.drain_time, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        connections.shutdown().await;
    }
}

/// What the connections of one door share.
struct Door<S> {
    limits: Arc<Limits>,
    service: Arc<S>,
    pool: Pool,
    seats: Seats,
    shutdown: CancellationToken,
}

impl<S: Service> Door<S> {
    /// Starts a connection's task; one too many takes the place of one that waits, or is turned away. Beyond twice the
    /// cap, those without a place included, a connection is dropped without a word.
    fn admit(&self, connections: &mut JoinSet<()>, stream: TcpStream, peer: SocketAddr) {
        let Ok(local) = stream.local_addr() else { return };
        if !self.service.takes(Peer(peer), Local(local)) {
            return;
        }
        if connections.len() >= self.limits.connections * 2 || stream.set_nodelay(true).is_err() {
            return;
        }
        let connection = Connection {
            stream,
            peer: Peer(peer),
            local: Local(local),
            limits: Arc::clone(&self.limits),
            service: Arc::clone(&self.service),
            pool: self.pool.clone(),
            seats: self.seats.clone(),
            shutdown: self.shutdown.clone(),
        };
        if let Some(seat) = self.seats.take() {
            connections.spawn(connection.run(seat));
        } else if let Some(vacancy) = self.seats.vacate() {
            connections.spawn(async move {
                // Whoever was asked to go may have got its request just then.
                match timeout(LINGER, vacancy).await {
                    Ok(Some(seat)) => connection.run(seat).await,
                    _ => connection.turn_away().await,
                }
            });
        } else {
            connections.spawn(connection.turn_away());
        }
    }
}
