//! `DescribeVolumeStatus`: volumes are records, and no record fails.

use super::shown;
use crate::emulator::{
    ec2::{
        kind,
        listing::{Record, Tags},
        network::Network,
    },
    service::{Operation, Output},
    wire::{AwsError, xml},
};

const FILTERS: &[&str] = &[
    "action.code",
    "action.description",
    "action.event-id",
    "availability-zone",
    "availability-zone-id",
    "event.description",
    "event.event-id",
    "event.event-type",
    "event.not-after",
    "event.not-before",
    "volume-status.details-name",
    "volume-status.details-status",
    "volume-status.status",
];
/// What a status is made of, and how that is.
const DETAILS: [(&str, &str); 2] = [("io-enabled", "passed"), ("io-performance", "not-applicable")];

struct Shown {
    volume: String,
    zone: String,
    none: Tags,
}

/// `DescribeVolumeStatus`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (listing, scope) = shown::take_listing(operation, FILTERS)?;
    let shown = scope.read(|state| {
        let volumes = state.ec2.volumes.values();
        let shown =
            volumes.map(|volume| Shown { volume: volume.id.clone(), zone: volume.zone.clone(), none: Tags::new() });
        shown.collect::<Vec<_>>()
    });
    listing.answer(&kind::VOLUME, "volumeStatusSet", shown)
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.volume
    }

    fn tags(&self) -> &Tags {
        &self.none
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "availability-zone" => test(&self.zone),
            "availability-zone-id" => test(&Network::zone_id(&self.zone)),
            "volume-status.details-name" => DETAILS.iter().any(|(name, _)| test(name)),
            "volume-status.details-status" => DETAILS.iter().any(|(_, status)| test(status)),
            "volume-status.status" => test("ok"),
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "volumeId", &self.volume);
        xml::text(item, "availabilityZone", &self.zone);
        xml::text(item, "availabilityZoneId", &Network::zone_id(&self.zone));
        xml::element(item, "volumeStatus", |status| {
            xml::text(status, "status", "ok");
            xml::list(status, "details", "item", DETAILS, |detail, (name, value)| {
                xml::text(detail, "name", name);
                xml::text(detail, "status", value);
            });
        });
        xml::element(item, "eventsSet", |_| ());
        xml::element(item, "actionsSet", |_| ());
    }
}
