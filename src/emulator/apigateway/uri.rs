//! What the URI of an integration or an authorizer names.

/// The function that an integration's URI names:
/// `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations`.
pub(in crate::emulator) fn function_arn(uri: &str) -> Option<&str> {
    let (service, path) = uri.split_once(":lambda:path/")?;
    let arn = path.strip_prefix("2015-03-31/functions/")?.strip_suffix("/invocations")?;
    (service.starts_with("arn:aws:apigateway:") && arn.starts_with("arn:aws:lambda:")).then_some(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_uri_of_an_invocation_names_a_function() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f:live";
        let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations");
        assert_eq!(function_arn(&uri), Some(arn));
        for other in [
            arn,
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations",
            "arn:aws:apigateway:us-east-1:sts:action/GetCallerIdentity",
            "http://127.0.0.1/2015-03-31/functions/f/invocations",
        ] {
            assert_eq!(function_arn(other), None, "{other}");
        }
    }
}
