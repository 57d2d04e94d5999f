//! The regions that AWS has, in November 2026: the edge lets nobody sign for another, and EC2 describes them.

/// A region: its name, the name that people read, and whether an account has to opt into it, which nobody has here.
pub type Region = (&'static str, &'static str, bool);

/// The regions of the partition `aws`.
pub const REGIONS: [Region; 34] = [
    ("af-south-1", "Africa (Cape Town)", true),
    ("ap-east-1", "Asia Pacific (Hong Kong)", true),
    ("ap-east-2", "Asia Pacific (Taipei)", true),
    ("ap-northeast-1", "Asia Pacific (Tokyo)", false),
    ("ap-northeast-2", "Asia Pacific (Seoul)", false),
    ("ap-northeast-3", "Asia Pacific (Osaka)", false),
    ("ap-south-1", "Asia Pacific (Mumbai)", false),
    ("ap-south-2", "Asia Pacific (Hyderabad)", true),
    ("ap-southeast-1", "Asia Pacific (Singapore)", false),
    ("ap-southeast-2", "Asia Pacific (Sydney)", false),
    ("ap-southeast-3", "Asia Pacific (Jakarta)", true),
    ("ap-southeast-4", "Asia Pacific (Melbourne)", true),
    ("ap-southeast-5", "Asia Pacific (Malaysia)", true),
    ("ap-southeast-6", "Asia Pacific (New Zealand)", true),
    ("ap-southeast-7", "Asia Pacific (Thailand)", true),
    ("ca-central-1", "Canada (Central)", false),
    ("ca-west-1", "Canada West (Calgary)", true),
    ("eu-central-1", "Europe (Frankfurt)", false),
    ("eu-central-2", "Europe (Zurich)", true),
    ("eu-north-1", "Europe (Stockholm)", false),
    ("eu-south-1", "Europe (Milan)", true),
    ("eu-south-2", "Europe (Spain)", true),
    ("eu-west-1", "Europe (Ireland)", false),
    ("eu-west-2", "Europe (London)", false),
    ("eu-west-3", "Europe (Paris)", false),
    ("il-central-1", "Israel (Tel Aviv)", true),
    ("me-central-1", "Middle East (UAE)", true),
    ("me-south-1", "Middle East (Bahrain)", true),
    ("mx-central-1", "Mexico (Central)", true),
    ("sa-east-1", "South America (São Paulo)", false),
    ("us-east-1", "US East (N. Virginia)", false),
    ("us-east-2", "US East (Ohio)", false),
    ("us-west-1", "US West (N. California)", false),
    ("us-west-2", "US West (Oregon)", false),
];

/// The regions of the partitions `aws-cn` and `aws-us-gov`.
const OF_OTHER_PARTITIONS: [&str; 4] = ["cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1"];

/// Whether AWS has a region of this name, in whichever partition.
#[must_use]
pub fn exists(name: &str) -> bool {
    REGIONS.iter().any(|(known, ..)| *known == name) || OF_OTHER_PARTITIONS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::is_region;

    #[test]
    fn every_region_has_the_form_of_one_and_stands_once() {
        let names = REGIONS.iter().map(|(name, ..)| *name).chain(OF_OTHER_PARTITIONS);
        let names: Vec<&str> = names.inspect(|name| assert!(is_region(name) && exists(name), "{name}")).collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len());
        assert!(!exists("eu-west-9") && !exists("aws-global") && !exists(""));
    }
}
