//! ARNs, taken apart, and whether they name something that is here. What has the same name in another region or account
//! is another thing: whoever reads an ARN asks [`Here`], so that nobody acts on what was not named.

/// An ARN: `arn:partition:service:region:account:resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'t> {
    /// `aws`.
    pub partition: &'t str,
    /// The service (`logs`).
    pub service: &'t str,
    /// The region, empty where the service has none in its ARNs.
    pub region: &'t str,
    /// The account, empty where the service has none in its ARNs.
    pub account: &'t str,
    /// What it names there, in the words of the service (`log-group:g`).
    pub resource: &'t str,
}

impl<'t> Arn<'t> {
    /// Takes an ARN apart; `None` for what is none.
    #[must_use]
    pub fn parse(text: &'t str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let (partition, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        let (account, resource) = (parts.next()?, parts.next()?);
        Some(Self { partition, service, region, account, resource })
    }
}

/// Where a call works: what ARNs must be of to name something that it can reach.
#[derive(Debug, Clone, Copy)]
pub struct Here<'h> {
    /// The region that was signed for.
    pub region: &'h str,
    /// The account that owns everything.
    pub account: &'h str,
}

impl Here<'_> {
    /// Returns what an ARN of a service names, where that is here.
    #[must_use]
    pub fn resource<'t>(&self, service: &str, arn: &'t str) -> Option<&'t str> {
        self.find(service, self.account, arn)
    }

    /// The same of a service whose ARNs have no account.
    #[must_use]
    pub fn resource_of_region<'t>(&self, service: &str, arn: &'t str) -> Option<&'t str> {
        self.find(service, "", arn)
    }

    fn find<'t>(&self, service: &str, account: &str, arn: &'t str) -> Option<&'t str> {
        let arn = Arn::parse(arn)?;
        let is_here =
            arn.partition == "aws" && arn.service == service && arn.region == self.region && arn.account == account;
        is_here.then_some(arn.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Here<'static> = Here { region: "us-east-1", account: "000000000000" };

    #[test]
    fn an_arn_names_something_here_only_by_every_part_of_it() {
        let found = |arn| HERE.resource("logs", arn);
        assert_eq!(found("arn:aws:logs:us-east-1:000000000000:log-group:g:*"), Some("log-group:g:*"));
        for elsewhere in [
            "arn:aws:logs:us-east-1:123456789012:log-group:g",
            "arn:aws:logs:eu-west-1:000000000000:log-group:g",
            "arn:aws-cn:logs:us-east-1:000000000000:log-group:g",
            "arn:aws:events:us-east-1:000000000000:log-group:g",
            "arn:aws:logs:us-east-1::log-group:g",
            "arn:aws:logs:us-east-1:000000000000",
            "g",
            "",
        ] {
            assert_eq!(found(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn an_arn_may_have_no_account() {
        let found = |arn| HERE.resource_of_region("apigateway", arn);
        assert_eq!(found("arn:aws:apigateway:us-east-1::/apis/a"), Some("/apis/a"));
        for elsewhere in ["arn:aws:apigateway:us-east-1:000000000000:/apis/a", "arn:aws:s3:us-east-1::/apis/a"] {
            assert_eq!(found(elsewhere), None, "{elsewhere}");
        }
    }
}
