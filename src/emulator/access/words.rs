//! Refusals in the words of each service.

use super::need::Need;
use crate::emulator::{
    policy::{Layer, Verdict},
    wire::AwsError,
};
use http::StatusCode;

/// The refusal of what nothing allows. `token` stands for the details, where a service hands such a thing out.
pub(super) fn refusal(service: &str, arn: &str, need: &Need, verdict: &Verdict, token: &str) -> AwsError {
    let sentence = sentence(service, arn, &need.action, &need.resource, verdict);
    match service {
        "ec2" => {
            let begin = "You are not authorized to perform this operation.";
            // What only reads has no details.
            let is_detailed = need.resource != "*";
            let end =
                if is_detailed { format!(" Encoded authorization failure message: {token}") } else { String::new() };
            let message = format!("{begin} {sentence}.{end}");
            AwsError::new(StatusCode::FORBIDDEN, "UnauthorizedOperation", message)
        }
        "iam" | "sts" | "monitoring" => AwsError::new(StatusCode::FORBIDDEN, "AccessDenied", sentence),
        "logs" | "events" => AwsError::sender("AccessDeniedException", sentence),
        _ => AwsError::new(StatusCode::FORBIDDEN, "AccessDeniedException", sentence),
    }
}

/// Who may not do what with what, and why.
pub(super) fn sentence(service: &str, arn: &str, action: &str, resource: &str, verdict: &Verdict) -> String {
    // EC2 leaves away what is nothing in particular.
    let on = if resource == "*" && service == "ec2" { String::new() } else { format!(" on resource: {resource}") };
    let why = match verdict {
        Verdict::Denied(reason) => {
            let article = if reason.layer == Layer::Identity { "an" } else { "a" };
            format!("with an explicit deny in {article} {}", reason.layer.words())
        }
        Verdict::Missing(layer) => format!("because no {} allows the {action} action", layer.words()),
        Verdict::Allowed(_) => String::new(),
    };
    format!("User: {arn} is not authorized to perform: {action}{on} {why}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::policy::{Keys, Reason};

    const ARN: &str = "arn:aws:sts::000000000000:assumed-role/worker/one";

    fn said(service: &str, action: &str, resource: &str, verdict: &Verdict) -> AwsError {
        let need = Need { action: action.into(), resource: resource.into(), keys: Keys::default() };
        refusal(service, ARN, &need, verdict, "token")
    }

    #[test]
    fn each_service_says_it_in_its_way() {
        let missing = Verdict::Missing(Layer::Identity);
        let instance = "arn:aws:ec2:us-east-1:000000000000:instance/i-1";
        let ec2 = said("ec2", "ec2:StopInstances", instance, &missing);
        assert_eq!((ec2.status.as_u16(), ec2.code.as_ref()), (403, "UnauthorizedOperation"));
        assert_eq!(
            ec2.message,
            format!(
                "You are not authorized to perform this operation. User: {ARN} is not authorized to perform: \
                 ec2:StopInstances on resource: {instance} because no identity-based policy allows the \
                 ec2:StopInstances action. Encoded authorization failure message: token"
            )
        );
        let read = said("ec2", "ec2:DescribeInstances", "*", &missing).message;
        assert!(read.ends_with(
            "perform: ec2:DescribeInstances because no identity-based policy allows the ec2:DescribeInstances action."
        ));
        let reason = Reason { layer: Layer::Boundary, policy: "p".into(), statement: "1".into() };
        let denied = said("lambda", "lambda:ListFunctions", "*", &Verdict::Denied(reason));
        assert_eq!((denied.status.as_u16(), denied.code.as_ref()), (403, "AccessDeniedException"));
        assert_eq!(
            denied.message,
            format!(
                "User: {ARN} is not authorized to perform: lambda:ListFunctions on resource: * with an explicit deny in a \
                 permissions boundary"
            )
        );
        assert_eq!(said("logs", "logs:CreateLogGroup", "*", &missing).status, 400);
        assert_eq!(said("iam", "iam:ListRoles", "*", &missing).code, "AccessDenied");
    }
}
