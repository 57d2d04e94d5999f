//! How long a request may take, from the innermost call to the client. Each is shorter than the one around it, so that
//! the innermost one answers and says what did not.

use std::time::Duration;

/// The longest wait for a TCP connection.
pub const CONNECT: Duration = Duration::from_secs(2);
/// The longest wait for the answer of one EC2 or Docker call.
pub const CALL: Duration = Duration::from_secs(20);
/// The longest time between an event and the handler's answer.
pub const HANDLER: Duration = Duration::from_secs(25);
/// The longest time that Lambda gives the function.
pub const FUNCTION: Duration = Duration::from_secs(28);
/// The longest wait of API Gateway for the function; also the most that AWS allows.
pub const GATEWAY: Duration = Duration::from_secs(29);
/// The longest wait of an HTTP API for what is behind it, AWS's own limit.
pub const HTTP_GATEWAY: Duration = Duration::from_secs(30);
/// The longest wait of the edge for the engine, whose gateway of either kind is to answer in its own words first.
pub const EDGE: Duration = Duration::from_millis(30_500);
/// The longest wait of atelier's own calls of the API.
pub const CLIENT: Duration = Duration::from_secs(31);

const _: () = assert!(CONNECT.as_millis() < CALL.as_millis());
const _: () = assert!(CALL.as_millis() < HANDLER.as_millis());
const _: () = assert!(HANDLER.as_millis() < FUNCTION.as_millis());
const _: () = assert!(FUNCTION.as_millis() < GATEWAY.as_millis());
const _: () = assert!(GATEWAY.as_millis() < HTTP_GATEWAY.as_millis());
const _: () = assert!(HTTP_GATEWAY.as_millis() < EDGE.as_millis());
const _: () = assert!(EDGE.as_millis() < CLIENT.as_millis());
