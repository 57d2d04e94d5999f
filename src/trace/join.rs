//! Lines to calls: by the request's id, and by Lambda's id of the invocation, which the handler and the gateway write
//! beside it.

use super::{
    call::{Call, Place, Station, milliseconds},
    line::{Line, unstamped},
    record::{Event, Invoked, Proxy, Record, Rejected, Report, Request, Upstream, failure},
};
use crate::marks::{NO_ACTION, OWN_CALLS, TICK};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// How much clocks and buffers may move a function's lines against the edge's.
const SLACK: Duration = Duration::seconds(2);
/// How far the lines of an invocation that names no request may lie outside the time of the one that it is for: a
/// function's log counts milliseconds, and engines in containers write theirs a moment later.
const ROUNDED: Duration = Duration::milliseconds(1);
const LATE: Duration = Duration::milliseconds(250);
/// The code of what went well.
const OK: &str = "ok";

/// What came of joining.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// The calls that ended within the window, oldest first.
    pub(super) calls: Vec<Call>,
    /// The lines within the window that belong to none, oldest first.
    pub(super) others: Vec<Line>,
}

/// An invocation of the function, from its log and the gateway's.
#[derive(Default)]
struct Invocation {
    id: String,
    request_id: Option<String>,
    event: Option<Box<Event>>,
    report: Option<Report>,
    invoked: Option<(OffsetDateTime, Invoked)>,
    unstarted: Option<String>,
    lines: Vec<Line>,
}

impl Invocation {
    /// When it was over, as far as that was written down.
    fn end(&self) -> Option<OffsetDateTime> {
        self.lines.iter().map(|line| line.time).max()
    }

    /// From when to when it was written about.
    fn span(&self) -> Option<Span> {
        Some((self.lines.iter().map(|line| line.time).min()?, self.end()?))
    }

    /// The id of its call: the request's, where one is named.
    fn call_id(&self) -> &str {
        self.request_id.as_ref().unwrap_or(&self.id)
    }

    /// What kind of failure it ended with, as far as its lines tell.
    fn failure(&self) -> Option<String> {
        let report = self.report.as_ref();
        let said = || self.lines.iter().find_map(|line| failure(unstamped(&line.text))).map(str::to_owned);
        match report.and_then(Report::failed) {
            Some(false) => None,
            Some(true) => report.and_then(|report| report.error.clone().or_else(|| report.status.clone())),
            None => said(),
        }
    }
}

/// A time, from its beginning to its end.
pub(super) type Span = (OffsetDateTime, OffsetDateTime);

/// A piece of a call that names the request.
enum Piece {
    Lent(Box<Request>, Line),
    Proxy(Proxy, Line),
    Line(Line),
}

/// Joins lines into the calls that ended within a window of time, `from` included and `until` not. Lines around it
/// complete them; `later` are the ids and times of calls that ended after it and whose function's lines may lie within.
pub(super) fn join(lines: Vec<Line>, (from, until): Span, later: &HashMap<String, Span>) -> Joined {
    let is_within = |time: OffsetDateTime| time >= from && time < until;
    let mut sorted = Sorted::default();
    for line in lines {
        sorted.take(line);
    }
    let Sorted { requests, mut pieces, invocations, others, .. } = sorted;
    let mut joined = Joined::default();
    let mut calls: Vec<Call> = Vec::new();
    let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
    for (request, line) in requests {
        by_id.entry(request.request_id.clone()).or_default().push(calls.len());
        calls.push(of_request(*request, line));
    }
    // Of calls that a client gave one id, the one that lasted at that time.
    let nearest = |calls: &[Call], id: &str, time: OffsetDateTime| {
        let distance = |call: &Call| (call.end - time).abs().min((call.time - time).abs());
        let holds = |call: &Call| time >= call.time - SLACK && time <= call.end + SLACK;
        let found = by_id.get(id)?.iter().copied().filter(|at| holds(&calls[*at]));
        found.min_by_key(|at| distance(&calls[*at]))
    };
    let mut alone: HashMap<String, usize> = HashMap::new();
    let mut homeless = Vec::new();
    for invocation in invocations {
        let Some(time) = invocation.end().or(invocation.invoked.as_ref().map(|(time, _)| *time)) else { continue };
        match nearest(&calls, invocation.call_id(), time) {
            Some(at) => add_invocation(&mut calls[at], invocation),
            None => homeless.push((invocation, time)),
        }
    }
    let hosts = hosts(&calls, &homeless);
    for ((invocation, time), host) in homeless.into_iter().zip(hosts) {
        let id = invocation.call_id().to_owned();
        if let Some(at) = host {
            add_invocation(&mut calls[at], invocation);
        } else if is_within(time) && !later.contains_key(&id) && !is_during(&invocation, later) {
            alone.insert(id.clone(), calls.len());
            let mut call = Call::new(id, time);
            add_invocation(&mut call, invocation);
            calls.push(call);
        }
    }
    // Seen from both sides: of what a handler's own account has, the calls themselves are no stations more.
    let told: Vec<bool> = calls.iter().map(|call| call.at(Place::Ec2).is_some()).collect();
    for (id, found) in pieces.drain() {
        for piece in found {
            let time = piece.time();
            match nearest(&calls, &id, time).or_else(|| alone.get(&id).copied()) {
                Some(at) => add_piece(&mut calls[at], piece, told[at]),
                None if later.contains_key(&id) || !is_within(time) => {}
                None => match piece {
                    // A function's own call of AWS, of which nothing tells for whom it was made.
                    Piece::Lent(request, line) => calls.push(of_request(*request, line)),
                    Piece::Proxy(proxy, line) => calls.push(of_proxy(&proxy, line)),
                    Piece::Line(line) => joined.others.push(line),
                },
            }
        }
    }
    calls.retain(|call| is_within(call.end));
    for call in &mut calls {
        finish(call);
    }
    calls.sort_by(|a, b| (a.end, &a.request_id).cmp(&(b.end, &b.request_id)));
    joined.calls = calls;
    joined.others.extend(others.into_iter().filter(|line| is_within(line.time)));
    joined.others.sort_by_key(|line| line.time);
    joined
}

/// The request that each of these invocations was for, of those that name none: the only one that lasted then and has
/// no invocation of its own, where it is no other's either.
fn hosts(calls: &[Call], homeless: &[(Invocation, OffsetDateTime)]) -> Vec<Option<usize>> {
    let may_invoke = |call: &Call| matches!(call.operation.as_str(), "" | "lambda Invoke") && !call.own;
    let is_free = |at: &usize| calls[*at].invocation_id.is_none() && may_invoke(&calls[*at]);
    let free: Vec<usize> = (0..calls.len()).filter(is_free).collect();
    let host = |invocation: &Invocation| {
        let (first, last) = invocation.span().filter(|_| invocation.request_id.is_none())?;
        for slack in [ROUNDED, LATE] {
            let holds = |at: &usize| first >= calls[*at].time - slack && last <= calls[*at].end + slack;
            let mut holding = free.iter().copied().filter(holds);
            if let Some(at) = holding.next() {
                return holding.next().is_none().then_some(at);
            }
        }
        None
    };
    let found: Vec<Option<usize>> = homeless.iter().map(|(invocation, _)| host(invocation)).collect();
    let mut claims: HashMap<usize, usize> = HashMap::new();
    for at in found.iter().flatten() {
        *claims.entry(*at).or_default() += 1;
    }
    found.into_iter().map(|host| host.filter(|at| claims.get(at) == Some(&1))).collect()
}

/// Whether an invocation that names no request may be for one that is on another page.
fn is_during(invocation: &Invocation, later: &HashMap<String, Span>) -> bool {
    let span = invocation.span().filter(|_| invocation.request_id.is_none());
    span.is_some_and(|(first, last)| later.values().any(|(begin, end)| first >= *begin - ROUNDED && last <= *end))
}

/// Lines by what they are.
#[derive(Default)]
struct Sorted {
    requests: Vec<(Box<Request>, Line)>,
    pieces: HashMap<String, Vec<Piece>>,
    invocations: Vec<Invocation>,
    by_id: HashMap<String, usize>,
    /// The invocation that each log stream is in.
    within: HashMap<String, String>,
    /// The failure of a start that each log stream has told of, until the invocation that waited for it begins.
    unstarted: HashMap<String, String>,
    others: Vec<Line>,
}

impl Sorted {
    fn take(&mut self, line: Line) {
        match Record::read(&line) {
            Record::Request(request) if request.lent => {
                let id = request.request_id.clone();
                self.pieces.entry(id).or_default().push(Piece::Lent(request, line));
            }
            Record::Request(request) => self.requests.push((request, line)),
            Record::Rejected(rejected) => self.requests.push((of_rejected(*rejected), line)),
            Record::Invoked(invoked) => {
                let invocation = self.invocation(&invoked.invocation_id);
                invocation.request_id = Some(invoked.request_id.clone());
                invocation.invoked = Some((line.time, invoked));
                invocation.lines.push(line);
            }
            Record::Event(event) => {
                let invocation = self.invocation(&event.invocation_id);
                invocation.request_id = Some(event.request_id.clone());
                invocation.event = Some(event);
                invocation.lines.push(line);
            }
            Record::Start(id) => {
                if let Some(stream) = &line.stream {
                    self.within.insert(stream.clone(), id.clone());
                }
                let unstarted = line.stream.as_ref().and_then(|stream| self.unstarted.remove(stream));
                let invocation = self.invocation(&id);
                invocation.unstarted = unstarted;
                invocation.lines.push(line);
            }
            Record::End(id) => {
                if let Some(stream) = &line.stream {
                    self.within.remove(stream);
                }
                self.invocation(&id).lines.push(line);
            }
            Record::Report(report) => {
                let invocation = self.invocation(&report.invocation_id);
                invocation.report = Some(report);
                invocation.lines.push(line);
            }
            Record::Proxy(proxy) => {
                self.pieces.entry(proxy.request_id.clone()).or_default().push(Piece::Proxy(proxy, line));
            }
            // Lambda writes it behind the START, engines of this machine before it.
            Record::Unstarted(failure) => {
                if let Some(id) = self.of_stream(&line) {
                    let invocation = self.invocation(&id);
                    invocation.unstarted = Some(failure);
                    invocation.lines.push(line);
                } else {
                    self.unstarted.extend(line.stream.clone().map(|stream| (stream, failure)));
                    self.others.push(line);
                }
            }
            Record::Of(id) if self.of_stream(&line).is_none() => {
                self.pieces.entry(id).or_default().push(Piece::Line(line));
            }
            Record::Of(_) | Record::Other => match self.of_stream(&line) {
                Some(id) => self.invocation(&id).lines.push(line),
                None => self.others.push(line),
            },
        }
    }

    /// The invocation between whose START and END a function's line stands.
    fn of_stream(&self, line: &Line) -> Option<String> {
        self.within.get(line.stream.as_ref()?).cloned()
    }

    fn invocation(&mut self, id: &str) -> &mut Invocation {
        let at = *self.by_id.entry(id.to_owned()).or_insert_with(|| {
            self.invocations.push(Invocation { id: id.to_owned(), ..Invocation::default() });
            self.invocations.len() - 1
        });
        &mut self.invocations[at]
    }
}

impl Piece {
    fn time(&self) -> OffsetDateTime {
        let (Self::Lent(_, line) | Self::Proxy(_, line) | Self::Line(line)) = self;
        line.time
    }
}

fn of_rejected(rejected: Rejected) -> Box<Request> {
    let Rejected { request_id, peer, reason, status } = rejected;
    let operation = Some("rejected".to_owned());
    Box::new(Request { request_id, peer, code: Some(reason), status, operation, ..Request::default() })
}

fn of_request(request: Request, line: Line) -> Call {
    let mut call = Call::new(request.request_id, line.time);
    call.lasted(request.duration_ms);
    call.lent = request.lent;
    let is_aws = request.operation.is_some();
    let path = request.path.as_deref().map(|path| below_stage(path).to_owned());
    let is_of_document = path.as_deref().is_some_and(|path| path.ends_with("/openapi.json"));
    call.own = path.as_deref() == Some("/healthz")
        || (call.request_id.starts_with(OWN_CALLS) && !request.lent && (is_aws || is_of_document));
    (call.stack, call.key, call.source) = (request.stack, request.key, request.peer.map(without_port));
    (call.action, call.target, call.name) = (request.action, request.target, request.name);
    call.options = request.options;
    (call.status, call.code) = (request.status, request.code);
    if let Some(operation) = request.operation {
        call.target = operation.split_once(' ').map(|(service, _)| service.to_owned());
        call.action = operation.split_once(' ').map(|(_, name)| name.to_owned());
        call.operation = operation;
    }
    (call.method, call.path) = (request.method, path);
    call.stations.push(station(Place::Edge, 0.0, request.duration_ms));
    if let Some(ms) = request.gateway_ms {
        call.stations.push(station(Place::Gateway, (request.duration_ms - ms).max(0.0), ms));
    }
    call.lines.push(line);
    call
}

fn of_proxy(proxy: &Proxy, line: Line) -> Call {
    let mut call = Call::new(proxy.request_id.clone(), line.time);
    call.lasted(proxy.duration_ms);
    call.operation = format!("docker {}", proxy.operation.as_deref().unwrap_or("?"));
    (call.action, call.target) = (proxy.operation.clone(), Some("docker".to_owned()));
    (call.name, call.status) = (proxy.container.clone(), proxy.status);
    call.code = Some(proxy.reason.clone()).filter(|reason| reason != OK);
    call.source = proxy.peer.clone().map(without_port);
    // Whoever looks after the proxy asks whether it answers.
    call.own = proxy.operation.as_deref() == Some("ping");
    call.lines.push(line);
    call
}

/// The path of an API as its author wrote it, of a path in either of the forms that local engines have.
fn below_stage(path: &str) -> &str {
    let rest = match (path.strip_prefix("/restapis/"), path.strip_prefix("/_aws/execute-api/")) {
        (Some(rest), _) => rest.split_once("/_user_request_").map(|(_, rest)| rest),
        (_, Some(rest)) => rest.splitn(3, '/').nth(2).map(|rest| &path[path.len() - rest.len() - 1..]),
        _ => None,
    };
    match rest {
        Some("") => "/",
        Some(rest) => rest,
        None => path,
    }
}

fn without_port(peer: String) -> String {
    peer.parse::<std::net::SocketAddr>().map_or(peer, |address| address.ip().to_string())
}

fn station(place: Place, at_ms: f64, ms: f64) -> Station {
    Station { place, at_ms, ms, operation: None, problem: None }
}

fn add_invocation(call: &mut Call, invocation: Invocation) {
    let failure = invocation.failure();
    let Invocation { id, event, report, invoked, unstarted, lines, .. } = invocation;
    (call.invocation_id, call.unstarted) = (Some(id), unstarted);
    call.is_done = failure.is_none() && (report.is_some() || event.is_some());
    let run = report.as_ref().map(|report| report.ms).or(event.as_ref().map(|event| event.ms));
    let init = report.as_ref().and_then(|report| report.init_ms);
    if call.stations.is_empty() {
        // Nothing before the function writes where we can read it.
        call.lasted(run.unwrap_or_default() + init.unwrap_or_default());
    }
    let total = call.total_ms.unwrap_or_default();
    // What the gateway waited for it, else what is left of the whole.
    let over = invoked.as_ref().map_or(total, |(time, _)| (*time - call.time).as_seconds_f64() * 1000.0);
    let over = if over.is_finite() { over.clamp(0.0, total) } else { total };
    let run_at = (over - run.unwrap_or_default()).max(0.0);
    if let Some(init) = init {
        call.stations.push(station(Place::Init, (run_at - init).max(0.0), init));
    }
    if let Some(run) = run {
        call.stations.push(station(Place::Function, run_at, run));
    }
    call.cold = match (&event, init) {
        (Some(event), _) => Some(event.cold > 0.0),
        (None, init) => Some(init.is_some()),
    };
    if let Some(event) = event {
        add_event(call, *event, run_at);
    } else if call.operation.is_empty() && call.method.is_none() {
        call.operation = "lambda Invoke".to_owned();
    }
    if call.status.is_none() {
        call.code = call.code.take().or(failure);
    }
    call.lines.extend(lines);
}

fn add_event(call: &mut Call, event: Event, run_at: f64) {
    let known = |word: Option<String>| word.filter(|word| !word.is_empty());
    call.stack = known(event.stack).or(call.stack.take());
    call.key = known(event.key).or(call.key.take());
    call.target = known(event.target).or(call.target.take());
    call.name = known(event.name).or(call.name.take());
    call.options = known(event.options).or(call.options.take());
    call.source = call.source.take().or(known(event.source));
    call.method = call.method.take().or(known(event.method));
    call.path = call.path.take().or(known(event.path));
    // What no action of ours is, is counted as one; what was asked for is what the edge has seen.
    call.action = match known(event.action) {
        Some(action) if action != NO_ACTION => Some(action),
        _ => call.action.take(),
    };
    // Of a direct invocation the answer that counts is the function's, which is in AWS's envelope.
    call.status = call.status.filter(|_| call.operation.is_empty()).or(event.status);
    call.code = call.code.take().or(event.outcome).filter(|code| code != OK);
    call.changes.extend(event.changes.into_iter().map(Into::into));
    // A minute that has passed is nobody's call, unless something was due.
    call.own |= call.action.as_deref() == Some(TICK) && call.changes.is_empty() && call.code.is_none();
    for upstream in event.upstream {
        let place = upstream.place();
        let Upstream { operation, at_ms, ms, problem } = upstream;
        let operation = Some(operation).filter(|operation| !operation.is_empty());
        call.stations.push(Station { place, at_ms: run_at + at_ms, ms, operation, problem });
    }
}

fn add_piece(call: &mut Call, piece: Piece, is_told: bool) {
    match piece {
        Piece::Lent(request, line) => {
            if !is_told {
                let at = (line.time - milliseconds(request.duration_ms) - call.time).as_seconds_f64() * 1000.0;
                let mut found = station(Place::Ec2, at.max(0.0), request.duration_ms);
                (found.operation, found.problem) = (request.operation, request.code);
                call.stations.push(found);
            }
            call.lines.push(line);
        }
        Piece::Proxy(_, line) | Piece::Line(line) => call.lines.push(line),
    }
}

/// Puts in order what came in any.
fn finish(call: &mut Call) {
    call.stations.sort_by(|a, b| a.place.cmp(&b.place).then(a.at_ms.total_cmp(&b.at_ms)));
    call.lines.sort_by_key(|line| line.time);
    if call.operation.is_empty() {
        let method = call.method.clone().unwrap_or_else(|| "lambda".to_owned());
        let start = match &call.path {
            Some(path) => format!("{method} {path}"),
            None => format!("{method} Invoke"),
        };
        call.operation = call.worded(&start, (' ', ' '));
    }
}

#[cfg(test)]
mod tests;
