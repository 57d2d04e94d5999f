use super::*;
use crate::contract::{Parameter, Refusal, WhichInstance};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(event: &Value) -> Event {
    Event::read(Json::parse(event.to_string().as_bytes()).as_ref())
}

fn code(event: &Value) -> &'static str {
    read(event).call.expect_err(&event.to_string()).code()
}

const STATUS: Result<Call, Failure> = Ok(Call::Api(Request::Instance(WhichInstance::Only)));

/// A v1 event as API Gateway sends it.
fn rest(method: &str, query: &[(&str, &str)], body: Option<&str>) -> Value {
    let mut single = serde_json::Map::new();
    let mut multi = serde_json::Map::new();
    for (name, value) in query {
        single.insert((*name).to_owned(), json!(value));
        multi.entry(*name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(json!(value));
    }
    json!({
        "resource": "/infra", "path": "/infra", "httpMethod": method,
        "headers": {"Content-Type": "application/json"}, "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": if query.is_empty() { Value::Null } else { single.into() },
        "multiValueQueryStringParameters": if query.is_empty() { Value::Null } else { multi.into() },
        "requestContext": {"stage": "dev"}, "body": body, "isBase64Encoded": false
    })
}

fn http_api(method: &str, path: &str, raw_query: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "GET /infra", "rawPath": path, "rawQueryString": raw_query,
        "requestContext": {"stage": "dev", "http": {"method": method, "path": path}}, "isBase64Encoded": false
    })
}

#[test]
fn every_front_can_ask_for_the_status() {
    let alb = |multi: bool| {
        let mut event = json!({
            "requestContext": {"elb": {"targetGroupArn": "x"}}, "httpMethod": "GET", "path": "/infra",
            "body": "", "isBase64Encoded": false
        });
        if multi {
            event["multiValueHeaders"] = json!({"host": ["x"]});
            event["multiValueQueryStringParameters"] = json!({"action": ["st%61tus"]});
        } else {
            event["headers"] = json!({"host": "x"});
            event["queryStringParameters"] = json!({"action": "st%61tus"});
        }
        event
    };
    for (event, shape) in [
        (rest("GET", &[("action", "status")], None), Shape::Proxy),
        (rest("POST", &[], Some(r#"{"action":"status"}"#)), Shape::Proxy),
        (http_api("GET", "/infra", "action=st%61tus"), Shape::Proxy),
        (http_api("GET", "/dev/infra", "action=status"), Shape::Proxy),
        (alb(false), Shape::Proxy),
        (alb(true), Shape::MultiValueProxy),
        (json!({"action": "status"}), Shape::Bare),
        (json!({"queryStringParameters": {"action": "status"}}), Shape::Proxy),
        (json!({"body": r#"{"action":"status"}"#}), Shape::Proxy),
        (json!({"httpMethod": "GET", "queryStringParameters": {"action": "status"}, "headers": null}), Shape::Proxy),
    ] {
        let read = read(&event);
        assert_eq!((read.call, read.shape), (STATUS, shape), "{event}");
    }
}

#[test]
fn what_is_no_object_or_empty_is_a_bare_400() {
    for event in [json!(null), json!([]), json!("start"), json!(1), json!(true), json!([{"action": "start"}])] {
        assert_eq!((code(&event), read(&event).shape), ("bad_request", Shape::Bare), "{event}");
    }
    assert_eq!(code(&json!({})), "missing_parameter");
    assert_eq!(code(&json!({"action": ["start"]})), "bad_request");
    assert!(Event::read(None).call.is_err());
}

#[test]
fn a_query_is_decoded_exactly_once() {
    // API Gateway has decoded a v1 query already: what still looks encoded was encoded twice.
    assert_eq!(code(&rest("GET", &[("action", "st%61tus")], None)), "invalid_parameter");
    assert_eq!(code(&http_api("GET", "/infra", "action=st%2561tus")), "invalid_parameter");
    for broken in ["action=%", "action=%zz", "action=%f", "action=%ff", "action=%-1"] {
        assert_eq!(code(&http_api("GET", "/infra", broken)), "bad_request", "{broken}");
    }
}

#[test]
fn duplicates_are_refused_wherever_they_are() {
    let twice = [("action", "stop"), ("action", "stop")];
    assert_eq!(code(&rest("GET", &twice, None)), "duplicate_parameter");
    assert_eq!(code(&http_api("GET", "/infra", "action=stop&action=stop")), "duplicate_parameter");
    assert_eq!(code(&rest("POST", &[("action", "stop")], Some(r#"{"action":"stop"}"#))), "duplicate_parameter");
    assert_eq!(code(&rest("POST", &[], Some(r#"{"action":"stop","action":"stop"}"#))), "duplicate_parameter");
    let event = br#"{"action":"stop","action":"start"}"#;
    assert_eq!(
        Event::read(Json::parse(event).as_ref()).call,
        Err(Failure::Parameters(Refusal::Duplicate(Parameter::Action)))
    );
}

#[test]
fn query_and_body_may_share_the_work() {
    let event = rest("POST", &[("target", "docker")], Some(r#"{"action":"list"}"#));
    assert_eq!(read(&event).call, Ok(Call::Api(Request::Containers)));
}

#[test]
fn a_body_must_be_a_json_object_of_strings_and_a_get_has_none() {
    for body in ["null", "[]", "action=start", "{", r#"{"action":1}"#, r#"{"action":{"a":"b"}}"#, "\u{feff}{}", " "] {
        assert_eq!(code(&rest("POST", &[], Some(body))), "bad_request", "{body}");
    }
    assert_eq!(code(&rest("GET", &[("action", "status")], Some("{}"))), "bad_request");
    assert_eq!(code(&rest("POST", &[], Some("{}"))), "missing_parameter");
    assert_eq!(code(&rest("POST", &[], None)), "missing_parameter");
    let mut form = rest("POST", &[], Some(r#"{"action":"status"}"#));
    form["headers"]["Content-Type"] = json!("application/x-www-form-urlencoded");
    assert_eq!(code(&form), "bad_request");
    form["headers"]["Content-Type"] = json!("Application/JSON; charset=utf-8");
    assert_eq!(read(&form).call, STATUS);
    form["headers"]["Content-Encoding"] = json!("gzip");
    assert_eq!(code(&form), "bad_request");
    form["headers"]["Content-Encoding"] = json!("Identity");
    assert_eq!(read(&form).call, STATUS);
}

#[test]
fn base64_bodies_are_decoded_and_large_ones_refused() {
    let mut event = rest("POST", &[], Some(&BASE64_STANDARD.encode(r#"{"action":"status"}"#)));
    event["isBase64Encoded"] = json!(true);
    assert_eq!(read(&event).call, STATUS);
    event["body"] = json!("****");
    assert_eq!(code(&event), "bad_request");
    event["body"] = json!("A".repeat(6 << 20));
    assert_eq!(code(&event), "too_large");
    assert_eq!(code(&rest("POST", &[], Some(&"x".repeat(6 << 20)))), "too_large");
}

#[test]
fn other_methods_and_paths_are_not_ours() {
    for method in ["PUT", "DELETE", "PATCH", "HEAD", "get", "TRACE", ""] {
        assert_eq!(code(&rest(method, &[("action", "start")], None)), "method_not_allowed", "{method}");
    }
    assert_eq!(read(&rest("OPTIONS", &[("action", "start")], None)).call, Ok(Call::Preflight));
    for path in ["/", "/infra/", "/Infra", "//infra", "/infra/../infra", "/other/infra", "/devinfra"] {
        assert_eq!(code(&http_api("GET", path, "action=status")), "not_found", "{path}");
    }
}

#[test]
fn maps_of_the_wrong_kind_are_a_400() {
    for (member, value) in [
        ("queryStringParameters", json!("action=start")),
        ("queryStringParameters", json!({"action": {"a": "b"}})),
        ("multiValueQueryStringParameters", json!({"action": "start"})),
        ("multiValueQueryStringParameters", json!({"action": [["start"]]})),
        ("httpMethod", json!(["GET"])),
        ("body", json!({"action": "start"})),
    ] {
        let mut event = rest("GET", &[], None);
        event[member] = value;
        assert_eq!(code(&event), "bad_request", "{event}");
    }
    let mut event = rest("GET", &[("action", "status")], None);
    event["headers"] = json!([1]);
    event["requestContext"] = json!("x");
    assert_eq!(read(&event).call, STATUS);
}

#[test]
fn a_query_of_thousands_of_parameters_is_a_400_of_the_events_shape() {
    let names: Vec<String> = (0..3_000).map(|number| format!("{number:x}")).collect();
    let query: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let mut event = rest("GET", &query, None);
    event["headers"] = json!({"x-request-id": "mine"});
    for map in ["multiValueQueryStringParameters", "queryStringParameters"] {
        let Event { shape, request_id, call, .. } = read(&event);
        assert_eq!((shape, request_id.as_deref()), (Shape::Proxy, Some("mine")));
        assert_eq!(call, Err(TOO_MANY));
        event[map] = Value::Null;
    }
    let body = format!("{{{}}}", names.iter().map(|name| format!(r#""{name}":"""#)).collect::<Vec<_>>().join(","));
    assert_eq!(read(&rest("POST", &[], Some(&body))).call, Err(Failure::TooLarge));
    let body = format!("{{{}}}", names[..500].iter().map(|n| format!(r#""{n}":"""#)).collect::<Vec<_>>().join(","));
    assert_eq!(read(&rest("POST", &[], Some(&body))).call, Err(TOO_MANY));
}

#[test]
fn a_clients_request_id_is_taken_when_it_is_clean() {
    let id = |value: Value| {
        let mut event = rest("GET", &[], None);
        event["headers"]["X-Request-Id"] = value;
        read(&event).request_id
    };
    assert_eq!(id(json!("a-1_b.c")), Some("a-1_b.c".to_owned()));
    for dirty in [json!(""), json!("a b"), json!("a\r\nset-cookie: x"), json!("é"), json!("x".repeat(65)), json!(7)] {
        assert_eq!(id(dirty.clone()), None, "{dirty}");
    }
}

#[test]
fn without_a_clean_id_of_the_clients_the_gateways_own_counts() {
    let mut event = rest("GET", &[], None);
    event["requestContext"]["requestId"] = json!("gateway-1");
    assert_eq!(read(&event).request_id.as_deref(), Some("gateway-1"));
    event["headers"]["x-request-id"] = json!("client-1");
    assert_eq!(read(&event).request_id.as_deref(), Some("client-1"));
    event["multiValueHeaders"]["x-request-id"] = json!(["client-0", "client-1"]);
    assert_eq!(read(&event).request_id.as_deref(), Some("gateway-1"), "of several none is the client's");
    event["requestContext"]["requestId"] = json!("a b");
    assert_eq!(read(&event).request_id, None);
}

/// Any JSON value, biased towards the members that an event has.
fn events() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        proptest::sample::select(&HTTP_MEMBERS[..]).prop_map(str::to_owned),
        proptest::sample::select(&["action", "target", "name", "http", "elb", "version", "isBase64Encoded"][..])
            .prop_map(str::to_owned),
        ".{0,3}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        proptest::sample::select(&["start", "docker", "2.0", "GET", "POST", "/infra", "{}", ""][..])
            .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_event_is_a_crash(event in events()) {
        let read = read(&event);
        prop_assert!(read.call.is_ok() || read.call.unwrap_err().status().is_client_error());
    }

    #[test]
    fn no_bytes_are_a_crash(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Event::read(Json::parse(&bytes).as_ref());
    }
}
