//! A proxy between atelier and its engine, or Docker, that writes down every call and does to one of them what a test wants.

use super::{
    archives::{Archives, Damage},
    connections, eventually,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// atelier is killed before the engine hears of the call.
    KillBefore,
    /// atelier is killed before it hears the answer.
    KillAfter,
    /// The engine hears of it, the connection ends without an answer.
    Lost,
    /// The connection ends before the engine hears of it.
    Reset,
    /// The engine hears of it, the answer is this error without a body.
    Status(u16),
    /// The engine does not hear of it: too many requests, come back at once or after this many seconds.
    Throttled(Option<u8>),
    /// The engine hears of it, half of the answer arrives.
    Truncated,
    /// The engine hears of it, a web page arrives.
    Html,
    /// In the engine's answer, the first word is replaced by the second, which is as long.
    Reworded(&'static str, &'static str),
    /// The engine hears of it, nothing arrives for as long as the client waits.
    Hang,
    /// The engine does not hear of it, nothing arrives for as long as the client waits.
    Unheard,
    /// The engine hears of it, an answer arrives that does not end.
    Huge,
    /// The engine hears of it, this text in the answer is replaced by that.
    Instead(&'static str, &'static str),
    /// The engine does not hear of it: refused with this AWS error code and message.
    Refused(&'static str, &'static str),
    /// The engine is gone: the connection ends and nothing listens any more.
    Vanish,
    /// atelier is interrupted, as by Ctrl-C, before the engine hears of the call, which then goes its way.
    Interrupt,
    /// The archives that the test watches over are damaged before the engine hears of the call, which then goes its way.
    Damaged(Damage),
}

/// Which call a fault hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum At {
    /// Every call.
    Any,
    /// The call of this number, 0 being the first.
    Number(usize),
    /// The call of this number among those that can change anything, 0 being the first: how often somebody looks between
    /// them is different in every run.
    #[allow(dead_code, reason = "only the tests with Docker have a daemon")]
    Change(usize),
    /// The call that is named so, this many such calls having gone before. Calls of parts that are made in parallel
    /// have a different number in every run; their names and their order among themselves stay.
    Named(String, usize),
    /// Every call that is named so.
    Every(&'static str),
}

/// One call, as far as it tells what it is.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: String,
    operation: Option<String>,
    path: String,
}

impl Call {
    /// Names the call: its operation, or its method and path without the ids in it.
    pub(crate) fn name(&self) -> String {
        if let Some(operation) = &self.operation {
            return operation.clone();
        }
        let mut path = String::new();
        let mut is_id = false;
        for segment in self.path.split('?').next().unwrap_or_default().split('/').skip(1) {
            path = format!("{path}/{}", if is_id { "*" } else { segment });
            is_id = matches!(segment, "restapis" | "deployments" | "resources");
        }
        format!("{} {path}", self.method)
    }

    /// Tells whether the call can change anything at the engine.
    pub(crate) fn is_mutating(&self) -> bool {
        match &self.operation {
            Some(name) => !["Describe", "Get", "List"].iter().any(|read| name.starts_with(read)),
            None => self.method != "GET",
        }
    }
}

#[derive(Default)]
struct Shared {
    archives: Option<Archives>,
    calls: Vec<Call>,
    fault: Option<(At, Fault)>,
    has_struck: bool,
    victim: Option<Pid>,
    /// Calls that were let in and have not ended.
    in_flight: usize,
    /// From then on no call is let in, also of those that have been sent.
    is_closed: bool,
}

/// Nothing here takes longer unless something hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// The proxy. When it is dropped, what it let in has come to its end at the engine and nothing comes after: a call of a
/// client that was killed cannot arrive in the middle of the next run.
pub(crate) struct FaultProxy {
    pub(crate) port: u16,
    shared: Arc<Mutex<Shared>>,
}

/// Whom the proxy stands before.
#[derive(Debug, Clone)]
enum Upstream {
    Address(SocketAddr),
    #[allow(dead_code, reason = "only the tests with Docker have a daemon")]
    Socket(PathBuf),
}

impl FaultProxy {
    /// Starts a proxy to this port of the same machine.
    pub(crate) fn to(engine: u16) -> Self {
        Self::to_address(SocketAddr::from(([127, 0, 0, 1], engine)))
    }

    /// Starts a proxy to an engine elsewhere.
    pub(crate) fn to_address(engine: SocketAddr) -> Self {
        Self::before(Upstream::Address(engine))
    }

    /// Starts a proxy to a daemon's socket; it is reached by TCP itself.
    #[allow(dead_code, reason = "only the tests with Docker have a daemon")]
    pub(crate) fn to_socket(path: &str) -> Self {
        Self::before(Upstream::Socket(path.into()))
    }

    fn before(engine: Upstream) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::<Mutex<Shared>>::default();
        let for_thread = shared.clone();
        thread::spawn(move || {
            let is_closed = || for_thread.lock().unwrap().is_closed;
            let shared = for_thread.clone();
            // A connection that breaks is what this proxy is for.
            connections::each(listener.incoming(), is_closed, move |client| drop(serve(&client, &engine, &shared)));
        });
        Self { port, shared }
    }

    /// The URL that stands for the engine's.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Forgets what was called, and does `fault` to that call from now on.
    pub(crate) fn arm(&self, fault: Option<(At, Fault)>) {
        let mut shared = self.shared.lock().unwrap();
        let archives = shared.archives.take();
        *shared = Shared { fault, archives, in_flight: shared.in_flight, ..Shared::default() };
    }

    /// Names the archives that a fault damages.
    pub(crate) fn watch(&self, archives: Archives) {
        self.shared.lock().unwrap().archives = Some(archives);
    }

    /// Tells whether the fault was done.
    pub(crate) fn has_struck(&self) -> bool {
        self.shared.lock().unwrap().has_struck
    }

    /// Names the process that a fault kills or interrupts.
    pub(crate) fn aim(&self, victim: u32) {
        self.shared.lock().unwrap().victim = Pid::from_raw(i32::try_from(victim).unwrap());
    }

    /// Everything that was called since the last [`FaultProxy::arm`].
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.lock().unwrap().calls.clone()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.lock().unwrap().is_closed = true;
        // Wakes the listener; that it may be gone already is fine.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let ended = eventually(DEADLINE, || self.shared.lock().unwrap().in_flight == 0);
        assert!(ended || thread::panicking(), "a call never ended");
    }
}

/// Serves one connection of a client: whole requests, one after the other.
fn serve(client: &TcpStream, engine: &Upstream, shared: &Mutex<Shared>) -> io::Result<()> {
    client.set_read_timeout(Some(DEADLINE))?;
    let mut reader = BufReader::new(client);
    while let Some((head, body)) = message(&mut reader)? {
        let Some(fault) = let_in(&head, &body, shared) else { return Ok(()) };
        let served = pass(client, engine, (&head, &body), fault, shared);
        shared.lock().unwrap().in_flight -= 1;
        if !served? {
            return client.shutdown(Shutdown::Both);
        }
    }
    Ok(())
}

/// Brings one call to the engine and its answer back, or does the fault; tells whether the connection goes on.
fn pass(
    client: &TcpStream,
    engine: &Upstream,
    (head, body): (&str, &[u8]),
    fault: Option<Fault>,
    shared: &Mutex<Shared>,
) -> io::Result<bool> {
    match fault {
        Some(Fault::KillBefore) => {
            signal(shared, Signal::KILL);
            return Ok(false);
        }
        Some(Fault::Vanish) => {
            shared.lock().unwrap().is_closed = true;
            // Wakes the listener, which ends.
            drop(TcpStream::connect(client.local_addr()?));
            return Ok(false);
        }
        Some(Fault::Refused(code, message)) if head.starts_with("POST /2015-03-31/") => {
            let text = format!(r#"{{"Type":"User","message":"{message}"}}"#);
            let headers = format!("content-type: application/json\r\nx-amzn-errortype: {code}\r\n");
            answer(client, 400, &headers, text.as_bytes())?;
            return Ok(true);
        }
        Some(Fault::Refused(code, message)) => {
            let text = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 </ErrorResponse>"
            );
            answer(client, 403, "content-type: text/xml\r\n", text.as_bytes())?;
            return Ok(true);
        }
        Some(Fault::Interrupt) => signal(shared, Signal::INT),
        Some(Fault::Damaged(damage)) => shared.lock().unwrap().archives.as_ref().unwrap().damage(damage),
        Some(Fault::Reset) => return Ok(false),
        Some(Fault::Unheard) => {
            let _ = { client }.read(&mut [0]);
            return Ok(false);
        }
        Some(Fault::Throttled(after)) => {
            let after = after.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
            answer(client, 429, &after, b"")?;
            return Ok(true);
        }
        _ => {}
    }
    let (answer_head, answer_body) = forward(engine, head, body)?;
    match fault {
        None | Some(Fault::Interrupt | Fault::Damaged(_)) => send(client, &answer_head, &answer_body)?,
        Some(Fault::Status(status)) => answer(client, status, "", b"")?,
        Some(Fault::Html) => answer(client, 200, "content-type: text/html\r\n", b"<html>Sign in</html>")?,
        Some(Fault::Reworded(from, to)) => {
            // By bytes: answers in CBOR are no text.
            let mut body = answer_body;
            let (from, to) = (from.as_bytes(), to.as_bytes());
            let found: Vec<usize> = (0..body.len()).filter(|at| body[*at..].starts_with(from)).collect();
            found.into_iter().for_each(|at| body[at..at + to.len()].copy_from_slice(to));
            send(client, &answer_head, &body)?;
        }
        Some(Fault::KillAfter) => {
            signal(shared, Signal::KILL);
            return Ok(false);
        }
        Some(Fault::Truncated) => {
            // What has no body loses half of its head.
            let whole = [answer_head.as_bytes(), &answer_body].concat();
            let half =
                if answer_body.is_empty() { whole.len() / 2 } else { whole.len() - answer_body.len().div_ceil(2) };
            let mut stream = client;
            stream.write_all(&whole[..half])?;
            return Ok(false);
        }
        Some(Fault::Instead(this, that)) => {
            let body = String::from_utf8_lossy(&answer_body).replace(this, that);
            let status = answer_head.split_ascii_whitespace().nth(1).and_then(|status| status.parse().ok());
            answer(client, status.unwrap_or(500), "content-type: application/json\r\n", body.as_bytes())?;
        }
        Some(Fault::Huge) => {
            let mut stream = client;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: 1000000000000\r\n\r\n")?;
            // Ends when the client has had enough.
            while stream.write_all(&[b' '; 1 << 12]).is_ok() {}
            return Ok(false);
        }
        Some(Fault::Hang) => {
            // Ends when the client gives up and closes.
            let _ = { client }.read(&mut [0]);
            return Ok(false);
        }
        Some(_) => return Ok(false),
    }
    Ok(true)
}

/// Sends the victim a signal; it may have called before the test could name it.
fn signal(shared: &Mutex<Shared>, signal: Signal) {
    let mut victim = None;
    let named = eventually(DEADLINE, || {
        victim = shared.lock().unwrap().victim;
        victim.is_some()
    });
    assert!(named, "nobody named the victim");
    if let Some(pid) = victim {
        // It is a child of the test that has not been waited for, so the number is still its own.
        kill_process(pid, signal).unwrap();
    }
}

/// Writes a call down, and gives the fault to be done to it; `None` for a call that comes too late.
#[expect(clippy::option_option, reason = "no fault and no call are two things")]
fn let_in(head: &str, body: &[u8], shared: &Mutex<Shared>) -> Option<Option<Fault>> {
    let mut words = head.split_ascii_whitespace().map(ToOwned::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let target = header(head, "x-amz-target").and_then(|target| target.rsplit('.').next().map(ToOwned::to_owned));
    let action = || {
        header(head, "content-type").filter(|kind| kind.starts_with("application/x-www-form-urlencoded"))?;
        let fields = form_urlencoded::parse(body).find(|(name, _)| name == "Action");
        fields.map(|(_, value)| value.into_owned())
    };
    let rpc = path.split_once("/operation/").map(|(_, name)| name.to_owned());
    let call = Call { operation: target.or(rpc).or_else(action), method, path };
    let mut shared = shared.lock().unwrap();
    if shared.is_closed {
        return None;
    }
    let number = shared.calls.len();
    let same = shared.calls.iter().filter(|known| known.name() == call.name()).count();
    let changes = shared.calls.iter().filter(|known| known.is_mutating()).count();
    let fault = shared.fault.as_ref().filter(|(at, _)| match at {
        At::Any => true,
        At::Number(wanted) => *wanted == number,
        At::Change(wanted) => call.is_mutating() && *wanted == changes,
        At::Every(name) => *name == call.name(),
        At::Named(name, wanted) => *wanted == same && *name == call.name(),
    });
    let fault = fault.map(|(_, fault)| *fault);
    shared.has_struck |= fault.is_some();
    shared.calls.push(call);
    shared.in_flight += 1;
    Some(fault)
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().skip(1).find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// Reads one message with its body, which is as long as its head says, or comes in chunks and stays in them; `None` when
/// the other side is done.
fn message(reader: &mut impl BufRead) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    if header(&head, "transfer-encoding").is_some() {
        return Ok(Some((head, chunks(reader)?)));
    }
    let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((head, body)))
}

fn chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        body.extend_from_slice(line.as_bytes());
        // The chunk and the end of its line; after the last chunk, which is empty, the end of the body.
        let start = body.len();
        body.resize(start + size + 2, 0);
        reader.read_exact(&mut body[start..])?;
        if size == 0 {
            return Ok(body);
        }
    }
}

/// A connection to whom the proxy stands before.
trait Connection: Read + Write {}

impl<T: Read + Write> Connection for T {}

fn forward(engine: &Upstream, head: &str, body: &[u8]) -> io::Result<(String, Vec<u8>)> {
    let mut upstream: Box<dyn Connection> = match engine {
        Upstream::Address(address) => Box::new(TcpStream::connect(address)?),
        Upstream::Socket(path) => Box::new(UnixStream::connect(path)?),
    };
    upstream.write_all(head.as_bytes())?;
    upstream.write_all(body)?;
    message(&mut BufReader::new(upstream))?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// In one write: after two of them the kernel waits for the other side's acknowledgement, which takes its time.
fn send(mut stream: &TcpStream, head: &str, body: &[u8]) -> io::Result<()> {
    stream.write_all(&[head.as_bytes(), body].concat())
}

fn answer(stream: &TcpStream, status: u16, headers: &str, body: &[u8]) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status} Fault\r\n{headers}content-length: {}\r\n\r\n", body.len());
    send(stream, &head, body)
}
