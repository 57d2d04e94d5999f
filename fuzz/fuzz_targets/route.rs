//! The edge's routes: the engine hears of nothing but an API's two forms and what is signed.

#![no_main]

use atelier_fuzz::{
    edge::routes::{ApiPath, Route, route},
    http1::Limits,
    request,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes, &Limits::edge()) else { return };
    let path = request.uri().path();
    let Route::Api(ApiPath { api, stage, path: below, .. }) = route(request.method(), path) else { return };
    let (a, b) = (format!("/restapis/{api}/{stage}/_user_request_"), format!("/_aws/execute-api/{api}"));
    assert!(path.starts_with(&a) || path.starts_with(&b), "{path}");
    assert!(below.starts_with('/') && (path.ends_with(&below) || below == "/"), "{path} -> {below}");
    assert!(!below.contains("//") && !below.contains("/../") && !below.contains('\\'), "{below}");
});
