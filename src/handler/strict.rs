//! What the handler asks of EC2's answers beyond what the SDK does: that they end, and that they are whole.
//!
//! The SDK reads a body of any length, and takes one that was cut off inside an empty list for an empty list: the
//! handler would say that there is no instance.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut},
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use http_body_util::Limited;
use std::mem;

/// The largest answer that is read, in bytes: a thousand instances of the size that EC2 describes them in.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// How the name of every successful answer's root element ends.
const ROOT_END: &[u8] = b"Response>";

/// Refuses answers that are too large or cut off.
#[derive(Debug)]
pub(super) struct Strict;

impl Intercept for Strict {
    fn name(&self) -> &'static str {
        "Strict"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let unbounded = mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(unbounded, MAX_ANSWER));
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response();
        let is_whole = answer.body().bytes().is_some_and(|body| body.trim_ascii_end().ends_with(ROOT_END));
        if answer.status().is_success() && !is_whole { Err("the answer is cut off".into()) } else { Ok(()) }
    }
}
