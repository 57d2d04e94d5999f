//! What a volume is like: its type, and the size and speed that go with it.

use crate::emulator::wire::{AwsError, QueryParams, xml};
use serde::{Deserialize, Serialize};

/// What a volume is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Shape {
    /// GiB.
    pub(in crate::emulator::ec2) size: u32,
    pub(in crate::emulator::ec2) kind: String,
    pub(in crate::emulator::ec2) iops: Option<u32>,
    /// MiB a second.
    pub(in crate::emulator::ec2) throughput: Option<u32>,
    pub(in crate::emulator::ec2) is_encrypted: bool,
    pub(in crate::emulator::ec2) key: Option<String>,
}

/// A type: its name, its sizes in GiB, and the speeds that may be asked for.
struct Type {
    name: &'static str,
    sizes: (u32, u32),
    iops: Option<(u32, u32)>,
}

const TYPES: [Type; 7] = [
    Type { name: "gp2", sizes: (1, 16_384), iops: None },
    Type { name: "gp3", sizes: (1, 65_536), iops: Some((3000, 80_000)) },
    Type { name: "io1", sizes: (4, 16_384), iops: Some((100, 64_000)) },
    Type { name: "io2", sizes: (4, 65_536), iops: Some((100, 256_000)) },
    Type { name: "sc1", sizes: (125, 16_384), iops: None },
    Type { name: "st1", sizes: (125, 16_384), iops: None },
    Type { name: "standard", sizes: (1, 1024), iops: None },
];
/// The names of [`TYPES`].
pub(super) const NAMES: [&str; 7] = ["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"];
/// What gp3 has unless more is asked for, and the most.
const THROUGHPUT: (u32, u32) = (125, 2000);

/// What a caller says of a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::emulator::ec2) struct Asked {
    pub(in crate::emulator::ec2) size: Option<u32>,
    pub(in crate::emulator::ec2) kind: Option<String>,
    iops: Option<u32>,
    throughput: Option<u32>,
    is_encrypted: Option<bool>,
    key: Option<String>,
}

impl Asked {
    /// Reads the members; `size` is the name of the one for the size.
    pub(in crate::emulator::ec2) fn take(params: &mut QueryParams, size: &str) -> Result<Self, AwsError> {
        let asked = Self {
            size: params.number(size)?,
            kind: params.one_of("VolumeType", &NAMES)?,
            iops: params.number("Iops")?,
            throughput: params.number("Throughput")?,
            is_encrypted: params.flag("Encrypted")?,
            key: params.text("KmsKeyId").filter(|key| !key.is_empty()),
        };
        if asked.key.is_some() && asked.is_encrypted != Some(true) {
            let message = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
            return Err(AwsError::sender("InvalidParameterDependency", message));
        }
        Ok(asked)
    }

    /// Settles what is left open: `from` is the volume or the snapshot that it is made of.
    ///
    /// # Errors
    /// `InvalidParameterValue`, `InvalidParameterCombination`, `MissingParameter`.
    pub(in crate::emulator::ec2) fn settle(self, from: Option<&Shape>, default: &str) -> Result<Shape, AwsError> {
        let name = self.kind.or_else(|| from.map(|from| from.kind.clone())).unwrap_or_else(|| default.to_owned());
        let kind = TYPES
            .iter()
            .find(|kind| kind.name == name)
            .ok_or_else(|| AwsError::invalid_parameter(&name, "volumeType", "Unknown volume type."))?;
        let size = self.size.or_else(|| from.map(|from| from.size));
        let size = size.ok_or_else(|| AwsError::missing_parameter("size/snapshot"))?;
        kind.check_size(size)?;
        let iops = kind.settle_iops(self.iops, size)?;
        let throughput = match (kind.name, self.throughput) {
            ("gp3", None) => Some(THROUGHPUT.0),
            ("gp3", Some(throughput)) if (THROUGHPUT.0..=THROUGHPUT.1).contains(&throughput) => Some(throughput),
            ("gp3", Some(throughput)) => {
                let reason = format!("Throughput must be between {} and {} MiB/s.", THROUGHPUT.0, THROUGHPUT.1);
                return Err(AwsError::invalid_parameter(&throughput.to_string(), "throughput", &reason));
            }
            (_, None) => None,
            (other, Some(_)) => return Err(not_for("throughput", other)),
        };
        let was_encrypted = from.is_some_and(|from| from.is_encrypted);
        let is_encrypted = self.is_encrypted.unwrap_or(false) || was_encrypted;
        let key = self.key.or_else(|| from.and_then(|from| from.key.clone()));
        Ok(Shape { size, kind: name, iops, throughput, is_encrypted, key })
    }
}

fn not_for(parameter: &str, kind: &str) -> AwsError {
    let message = format!("The parameter {parameter} is not supported for {kind} volumes.");
    AwsError::sender("InvalidParameterCombination", message)
}

impl Type {
    fn check_size(&self, size: u32) -> Result<(), AwsError> {
        let (least, most) = self.sizes;
        let name = self.name;
        let message = if size < least {
            format!("Volume of {size}GiB is too small for volume type {name}; minimum is {least}GiB.")
        } else if size > most {
            format!("Volume of {size}GiB is too large for volume type {name}; maximum is {most}GiB.")
        } else {
            return Ok(());
        };
        Err(AwsError::sender("InvalidParameterValue", message))
    }

    fn settle_iops(&self, asked: Option<u32>, size: u32) -> Result<Option<u32>, AwsError> {
        match (self.iops, asked) {
            (None, Some(_)) => Err(not_for("iops", self.name)),
            (None, None) if self.name == "gp2" => Ok(Some((size * 3).clamp(100, 16_000))),
            (None, None) => Ok(None),
            (Some((least, _)), None) if self.name == "gp3" => Ok(Some(least)),
            (Some(_), None) => {
                let message = format!("The parameter iops must be specified for {} volumes.", self.name);
                Err(AwsError::sender("MissingParameter", message))
            }
            (Some((least, most)), Some(iops)) if (least..=most).contains(&iops) => Ok(Some(iops)),
            (Some((least, most)), Some(iops)) => {
                let reason = format!("Iops must be between {least} and {most} for {} volumes.", self.name);
                Err(AwsError::invalid_parameter(&iops.to_string(), "iops", &reason))
            }
        }
    }
}

impl Shape {
    /// Writes speed and encryption.
    pub(in crate::emulator::ec2) fn write_speed(&self, item: &mut xml::Element) {
        if let Some(iops) = self.iops {
            xml::text(item, "iops", &iops.to_string());
        }
        if let Some(throughput) = self.throughput {
            xml::text(item, "throughput", &throughput.to_string());
        }
        xml::text(item, "encrypted", if self.is_encrypted { "true" } else { "false" });
        if let Some(key) = &self.key {
            xml::text(item, "kmsKeyId", key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(size: u32, kind: &str, iops: Option<u32>) -> Result<Option<u32>, String> {
        let asked = Asked { size: Some(size), kind: Some(kind.to_owned()), iops, ..Asked::default() };
        asked.settle(None, "gp2").map(|shape| shape.iops).map_err(|error| error.code.into_owned())
    }

    #[test]
    fn speed_goes_with_type_and_size() {
        assert_eq!(settle(8, "gp2", None), Ok(Some(100)));
        assert_eq!(settle(1000, "gp2", None), Ok(Some(3000)));
        assert_eq!(settle(8, "gp3", None), Ok(Some(3000)));
        assert_eq!(settle(8, "io1", Some(400)), Ok(Some(400)));
        assert_eq!(settle(8, "standard", None), Ok(None));
    }

    #[test]
    fn what_a_type_cannot_be_is_refused() {
        for (size, kind, iops, code) in [
            (0, "gp3", None, "InvalidParameterValue"),
            (124, "st1", None, "InvalidParameterValue"),
            (1025, "standard", None, "InvalidParameterValue"),
            (8, "gp2", Some(100), "InvalidParameterCombination"),
            (8, "io2", None, "MissingParameter"),
            (8, "gp3", Some(2999), "InvalidParameterValue"),
        ] {
            assert_eq!(settle(size, kind, iops), Err(code.to_owned()), "{size} {kind} {iops:?}");
        }
        assert_eq!(Asked::default().settle(None, "gp2").unwrap_err().code, "MissingParameter");
        assert_eq!(NAMES, TYPES.map(|kind| kind.name));
    }

    #[test]
    fn what_is_left_open_follows_from_what_it_is_made_of() {
        let asked =
            Asked { size: Some(10), kind: Some("gp3".to_owned()), is_encrypted: Some(true), ..Asked::default() };
        let from = asked.settle(None, "gp2").unwrap();
        assert_eq!(Asked::default().settle(Some(&from), "gp2").unwrap(), from);
    }
}
