//! What the edge, the gateway, the function and the proxy write, joined, and what must stay apart.

use super::*;
use crate::cli::LogSource;
use time::macros::datetime;

const NOON: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);
const INVOCATION: &str = "8476a536-1111-4222-8333-444455556666";

fn at(ms: i64) -> OffsetDateTime {
    NOON + Duration::milliseconds(ms)
}

fn line(ms: i64, source: LogSource, text: &str) -> Line {
    let stream = (source == LogSource::Lambda).then(|| "stream".to_owned());
    Line { stream, ..Line::new(at(ms), source, text.to_owned()) }
}

fn request(ms: i64, id: &str, more: &str) -> Line {
    let text = format!(
        r#"{{"message":"request","request_id":"{id}","method":"GET","path":"/restapis/a/dev/_user_request_/infra","peer":"127.0.0.1:5","duration_ms":35.0,"status":200{more}}}"#
    );
    line(ms, LogSource::Engine, &text)
}

fn event(ms: i64, id: &str, invocation: &str) -> Line {
    let text = format!(
        r#"{{"level":"INFO","request_id":"{id}","invocation_id":"{invocation}","stack":"alice","method":"GET","path":"/infra","action":"start","target":"ec2","status":200,"outcome":"ok","key":"alice","source":"203.0.113.7","changes":[{{"resource":"i-1","before":"stopped","after":"running"}}],"upstream":[{{"operation":"ec2 StartInstances","at_ms":2.0,"ms":8.0}}],"Duration":15.0,"ColdStart":1,"_aws":{{"Timestamp":0}}}}"#
    );
    line(ms, LogSource::Lambda, &text)
}

fn invocation(ms: i64, id: &str, invocation: &str) -> Vec<Line> {
    let lambda = |ms, text: String| line(ms, LogSource::Lambda, &text);
    vec![
        lambda(ms - 20, format!("START RequestId: {invocation} Version: $LATEST")),
        lambda(ms - 10, "a line of the function's own".to_owned()),
        event(ms - 3, id, invocation),
        lambda(ms - 2, format!("END RequestId: {invocation}")),
        lambda(ms - 2, format!("REPORT RequestId: {invocation}\tDuration: 15.00 ms\tInit Duration: 7.00 ms\t")),
    ]
}

fn joined(lines: Vec<Line>, window: (i64, i64), later: &[&str]) -> Joined {
    // They begin before the window ends.
    let span = (at(window.1 - 30), at(window.1 + 30));
    let later = later.iter().map(|id| ((*id).to_owned(), span)).collect();
    join(lines, (at(window.0), at(window.1)), &later)
}

#[test]
fn what_every_station_wrote_about_a_call_is_one_call() {
    let mut lines = invocation(0, "r-1", INVOCATION);
    let invoked =
        format!(r#"{{"message":"invoked","request_id":"r-1","invocation_id":"{INVOCATION}","duration_ms":30.0}}"#);
    lines.push(line(-1, LogSource::Engine, &invoked));
    lines.push(line(-8, LogSource::Engine, r#"{"message":"request","request_id":"r-1","operation":"ec2 StartInstances","lent":true,"status":200,"duration_ms":1.0}"#));
    lines.push(line(-8, LogSource::Proxy, r#"{"request_id":"r-1","decision":"allow","reason":"ok","duration_ms":2}"#));
    lines.push(request(0, "r-1", r#","action":"start","options":"for=2h","gateway_ms":34.0"#));
    lines.sort_by_key(|line| line.time);
    let found = joined(lines, (-1000, 1000), &[]);
    assert_eq!((found.calls.len(), found.others.len()), (1, 0), "{found:?}");
    let call = &found.calls[0];
    assert_eq!((call.request_id.as_str(), call.invocation_id.as_deref()), ("r-1", Some(INVOCATION)));
    assert_eq!(
        (call.asked().as_str(), call.operation.as_str()),
        ("GET /infra?action=start&for=2h", "GET /infra action=start for=2h")
    );
    assert_eq!((call.key.as_deref(), call.stack.as_deref(), call.cold), (Some("alice"), Some("alice"), Some(true)));
    assert_eq!((call.source.as_deref(), call.status, call.code.as_deref()), (Some("127.0.0.1"), Some(200), None));
    let places: Vec<_> = call.stations.iter().map(|station| station.place.as_str()).collect();
    assert_eq!(places, ["edge", "gateway", "init", "function", "ec2"]);
    let function = call.at(Place::Function).unwrap();
    assert!((function.at_ms - 19.0).abs() < 1e-6 && (function.ms - 15.0).abs() < 1e-6, "{function:?}");
    assert_eq!(call.changes[0].before.as_deref(), Some("stopped"));
    assert_eq!(call.lines.len(), 9);
    assert!(call.lines.iter().any(|line| line.text == "a line of the function's own"));
}

#[test]
fn where_only_the_function_writes_its_event_is_the_call() {
    let found = joined(invocation(0, "r-1", INVOCATION), (-1000, 1000), &[]);
    let call = &found.calls[0];
    assert_eq!((call.asked().as_str(), call.status), ("GET /infra?action=start", Some(200)));
    assert_eq!((call.source.as_deref(), call.total_ms), (Some("203.0.113.7"), Some(22.0)));
}

#[test]
fn a_call_whose_function_could_not_start_says_so_wherever_the_log_tells_it() {
    let report = line(-21, LogSource::Lambda, "INIT_REPORT Init Duration: 1.00 ms\tPhase: invoke\tStatus: timeout");
    let behind = Line { time: at(-19), ..report.clone() };
    let (elsewhere, text) = (Some("another stream".to_owned()), "a line of the function's own".to_owned());
    let other = Line { stream: elsewhere, ..report.clone() };
    let alone = Line { text, ..report.clone() };
    for (told, expected) in [(report, Some("timeout")), (behind, Some("timeout")), (other, None), (alone, None)] {
        let mut lines = invocation(0, "r-1", INVOCATION);
        lines.extend([told.clone(), request(0, "r-1", "")]);
        lines.sort_by_key(|line| line.time);
        let calls = joined(lines, (-1000, 1000), &[]).calls;
        assert_eq!(calls.iter().map(|call| call.unstarted.as_deref()).collect::<Vec<_>>(), [expected], "{told:?}");
    }
}

#[test]
fn no_call_is_on_two_pages() {
    let mut lines = invocation(0, "r-1", INVOCATION);
    lines.push(request(5, "r-1", ""));
    assert_eq!(joined(lines.clone(), (-1000, 5), &["r-1"]).calls.len(), 0, "its answer is after the window");
    assert_eq!(joined(lines, (0, 1000), &[]).calls.len(), 1, "what is before the window completes it");
}

#[test]
fn calls_that_a_client_gave_one_id_stay_apart() {
    let mut lines = invocation(0, "lesson", "i-1");
    lines.extend(invocation(10_000, "lesson", "i-2"));
    lines.extend([request(0, "lesson", ""), request(10_000, "lesson", "")]);
    lines.sort_by_key(|line| line.time);
    let found = joined(lines, (-1000, 20_000), &[]);
    let ids: Vec<_> = found.calls.iter().map(|call| call.invocation_id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["i-1", "i-2"]);
}

#[test]
fn ateliers_own_calls_are_those_that_only_look_after_things() {
    let own = |id: &str, path: &str, more: &str| {
        let text = format!(
            r#"{{"message":"request","request_id":"{id}","method":"GET","path":"{path}","status":200,"duration_ms":1.0{more}}}"#
        );
        joined(vec![line(0, LogSource::Engine, &text)], (-10, 10), &[]).calls[0].own
    };
    assert!(own("atelier-status-1-1", "/", r#","operation":"ec2 DescribeInstances""#));
    assert!(own("x", "/healthz", ""));
    assert!(own("atelier-status-1-2", "/restapis/a/dev/_user_request_/openapi.json", ""));
    assert!(!own("atelier-call-1-1", "/restapis/a/dev/_user_request_/infra", ""), "nobody hides a call by its id");
    assert!(!own("r", "/", r#","operation":"ec2 StopInstances""#));
}

/// The same invocation, of a function that writes no event of ours, or whose event was lost.
fn untold(ms: i64, id: &str) -> Vec<Line> {
    invocation(ms, "r", id).into_iter().filter(|line| !line.text.contains("_aws")).collect()
}

#[test]
fn an_invocation_that_ended_is_no_error_where_nothing_tells_of_one() {
    let alone = |lines: Vec<Line>| joined(lines, (-1000, 1000), &[]).calls.remove(0);
    let call = alone(untold(0, INVOCATION));
    assert!(call.has_ended_well() && !call.is_error(), "{call:?}");
    assert_eq!((call.status, call.code.as_deref(), call.operation.as_str()), (None, None, "lambda Invoke"));
    for (text, code) in [
        ("[ERROR] ValueError: no", "ValueError"),
        ("2026-11-23T12:00:00.000Z i Task timed out after 3.00 seconds", "timeout"),
    ] {
        let mut lines = untold(0, INVOCATION);
        lines.insert(2, line(-5, LogSource::Lambda, text));
        let call = alone(lines);
        assert!(call.is_error() && !call.has_ended_well(), "{text}");
        assert_eq!(call.code.as_deref(), Some(code));
    }
    let mut unfinished = untold(0, INVOCATION);
    unfinished.truncate(2);
    assert!(alone(unfinished).is_error(), "nothing tells that it has ended");
}

#[test]
fn an_invocation_without_an_event_is_of_the_only_request_that_it_can_be_for() {
    let found = |more: Vec<Line>| {
        let mut lines = untold(0, INVOCATION);
        lines.extend(more);
        lines.sort_by_key(|line| line.time);
        let calls = joined(lines, (-1000, 1000), &[]).calls;
        calls.into_iter().map(|call| (call.request_id, call.invocation_id)).collect::<Vec<_>>()
    };
    let call = |id: &str, invocation: Option<&str>| (id.to_owned(), invocation.map(str::to_owned));
    assert_eq!(found(vec![request(5, "r-1", "")]), [call("r-1", Some(INVOCATION))]);
    // Of another, and of a call of AWS, it is not; nor of one that was over long before.
    let mut others = invocation(5, "r-2", "i-2");
    others.extend([request(5, "r-1", ""), request(6, "r-2", ""), request(-600, "r-0", "")]);
    others.push(request(7, "r-3", r#","operation":"ec2 DescribeInstances""#));
    let expected = [call("r-0", None), call("r-1", Some(INVOCATION)), call("r-2", Some("i-2")), call("r-3", None)];
    assert_eq!(found(others), expected);
    // Of either of two nobody can tell.
    let expected = [call(INVOCATION, Some(INVOCATION)), call("r-1", None), call("r-2", None)];
    assert_eq!(found(vec![request(5, "r-1", ""), request(6, "r-2", "")]), expected);
    // What is for a request on another page is not on this one.
    assert_eq!(joined(untold(0, INVOCATION), (-1000, 5), &["r-1"]).calls.len(), 0);
}

#[test]
fn each_call_that_a_function_made_is_a_station_where_it_does_not_tell_itself() {
    let lent = |ms: i64, name: &str| {
        let text = format!(
            r#"{{"message":"request","request_id":"r-1","operation":"ec2 {name}","lent":true,"status":200,"duration_ms":1.0}}"#
        );
        line(ms, LogSource::Engine, &text)
    };
    let lines = vec![lent(-20, "DescribeInstances"), lent(-10, "StartInstances"), request(0, "r-1", "")];
    let found = joined(lines, (-1000, 1000), &[]);
    let stations = found.calls[0].stations.iter().filter(|station| station.place == Place::Ec2);
    let asked: Vec<_> = stations.map(|station| station.operation.as_deref().unwrap()).collect();
    assert_eq!(asked, ["ec2 DescribeInstances", "ec2 StartInstances"]);
}

#[test]
fn paths_are_told_as_the_apis_author_wrote_them() {
    assert_eq!(below_stage("/restapis/a/dev/_user_request_/infra"), "/infra");
    assert_eq!(below_stage("/restapis/a/dev/_user_request_"), "/");
    assert_eq!(below_stage("/_aws/execute-api/a/dev/items/1"), "/items/1");
    assert_eq!(below_stage("/2015-03-31/functions"), "/2015-03-31/functions");
}

#[test]
fn lines_of_nobody_stay_lines() {
    let found =
        joined(vec![line(0, LogSource::Engine, "listening"), line(50, LogSource::Deploy, "done")], (-10, 10), &[]);
    assert_eq!(found.others.len(), 1);
    assert!(found.calls.is_empty());
}
