//! What a launch may say about things that do not exist here (volumes, sockets, licences) or that change nothing: read
//! for its form, so that a mistake is told, and then forgotten.

use crate::emulator::wire::{AwsError, QueryParams};
use Form::{Flag, List, Number, OneOf, Structure, Text};

/// The form of a parameter.
enum Form {
    Text,
    Number,
    Flag,
    OneOf(&'static [&'static str]),
    Structure(&'static [(&'static str, Form)]),
    List(&'static [(&'static str, Form)]),
}

const SWITCH: Form = OneOf(&["disabled", "enabled"]);

const VOLUME: &[(&str, Form)] = &[
    ("AvailabilityZone", Text),
    ("AvailabilityZoneId", Text),
    ("DeleteOnTermination", Flag),
    ("EbsCardIndex", Number),
    ("Encrypted", Flag),
    ("Iops", Number),
    ("KmsKeyId", Text),
    ("OutpostArn", Text),
    ("SnapshotId", Text),
    ("Throughput", Number),
    ("VolumeInitializationRate", Number),
    ("VolumeSize", Number),
    ("VolumeType", OneOf(&["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"])),
];

const OPTIONS: &[(&str, Form)] = &[
    ("AdditionalInfo", Text),
    (
        "BlockDeviceMapping",
        List(&[("DeviceName", Text), ("Ebs", Structure(VOLUME)), ("NoDevice", Text), ("VirtualName", Text)]),
    ),
    (
        "CapacityReservationSpecification",
        Structure(&[
            ("CapacityReservationPreference", OneOf(&["capacity-reservations-only", "none", "open"])),
            (
                "CapacityReservationTarget",
                Structure(&[("CapacityReservationId", Text), ("CapacityReservationResourceGroupArn", Text)]),
            ),
        ]),
    ),
    (
        "CpuOptions",
        Structure(&[
            ("AmdSevSnp", SWITCH),
            ("CoreCount", Number),
            ("NestedVirtualization", SWITCH),
            ("ThreadsPerCore", Number),
        ]),
    ),
    ("CreditSpecification", Structure(&[("CpuCredits", Text)])),
    ("EnclaveOptions", Structure(&[("Enabled", Flag)])),
    ("HibernationOptions", Structure(&[("Configured", Flag)])),
    ("LicenseSpecification", List(&[("LicenseConfigurationArn", Text)])),
    ("MaintenanceOptions", Structure(&[("AutoRecovery", OneOf(&["default", "disabled"]))])),
    (
        "MetadataOptions",
        Structure(&[
            ("HttpEndpoint", SWITCH),
            ("HttpProtocolIpv6", SWITCH),
            ("HttpPutResponseHopLimit", Number),
            ("HttpTokens", OneOf(&["optional", "required"])),
            ("InstanceMetadataTags", SWITCH),
        ]),
    ),
    ("Placement.Tenancy", OneOf(&["dedicated", "default", "host"])),
    (
        "PrivateDnsNameOptions",
        Structure(&[
            ("EnableResourceNameDnsAAAARecord", Flag),
            ("EnableResourceNameDnsARecord", Flag),
            ("HostnameType", OneOf(&["ip-name", "resource-name"])),
        ]),
    ),
];

/// Takes all of them.
///
/// # Errors
/// `InvalidParameterValue` for a value of another form, `UnknownParameter` for a member that EC2 does not have.
pub(super) fn take(params: &mut QueryParams) -> Result<(), AwsError> {
    take_members(params, OPTIONS)
}

fn take_members(params: &mut QueryParams, members: &[(&str, Form)]) -> Result<(), AwsError> {
    members.iter().try_for_each(|(name, form)| form.take(params, name))
}

impl Form {
    fn take(&self, params: &mut QueryParams, name: &str) -> Result<(), AwsError> {
        match self {
            Self::Text => drop(params.text(name)),
            Self::Number => drop(params.number::<i64>(name)?),
            Self::Flag => drop(params.flag(name)?),
            Self::OneOf(values) => drop(params.one_of(name, values)?),
            Self::Structure(members) => take_all(params.structure(name), members)?,
            Self::List(members) => {
                params.structures(name)?.into_iter().try_for_each(|item| take_all(item, members))?;
            }
        }
        Ok(())
    }
}

/// Takes the members of a structure, which has no others.
fn take_all(mut params: QueryParams, members: &[(&str, Form)]) -> Result<(), AwsError> {
    take_members(&mut params, members)?;
    params.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Request;

    fn taken(form: &'static str) -> Result<(), AwsError> {
        let mut params = QueryParams::parse(&Request::new(form.into())).unwrap();
        take(&mut params)?;
        params.finish()
    }

    #[test]
    fn what_the_machine_would_be_like_may_be_said() {
        for form in [
            "BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.VolumeSize=20",
            "MetadataOptions.HttpTokens=required&MetadataOptions.HttpPutResponseHopLimit=2",
            "Placement.Tenancy=default&CreditSpecification.CpuCredits=standard&EnclaveOptions.Enabled=false",
        ] {
            assert_eq!(taken(form), Ok(()), "{form}");
        }
    }

    #[test]
    fn what_it_cannot_be_like_is_refused_by_name() {
        for (form, code, name) in [
            ("BlockDeviceMapping.1.Ebs.VolumeSize=big", "InvalidParameterValue", "BlockDeviceMapping.1.Ebs.VolumeSize"),
            ("MetadataOptions.HttpTokens=sometimes", "InvalidParameterValue", "MetadataOptions.HttpTokens"),
            ("MetadataOptions.Colour=red", "UnknownParameter", "MetadataOptions.Colour"),
            ("MetadataOptions=text", "UnknownParameter", "MetadataOptions"),
            ("Placement.Tenancy=mine", "InvalidParameterValue", "Placement.Tenancy"),
        ] {
            let error = taken(form).unwrap_err();
            assert_eq!(error.code, code, "{form}");
            assert!(error.message.contains(name), "{form}: {}", error.message);
        }
    }
}
