//! A placement group, and the place that an instance has in one. Both are records: nothing is placed anywhere.

use super::kind;
use crate::emulator::{
    store::Table,
    wire::{AwsError, QueryParams, xml},
};
use serde::{Deserialize, Serialize};

/// A placement group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PlacementGroup {
    pub(super) id: String,
    pub(super) name: String,
    /// `cluster`, `partition` or `spread`.
    pub(super) strategy: String,
    /// How many partitions it has, where that is its strategy.
    pub(super) partitions: Option<u32>,
}

/// The place of an instance in a placement group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Placed {
    /// The id of the group.
    pub(super) group: String,
    /// Its name.
    pub(super) name: String,
    /// From 1.
    pub(super) partition: Option<u32>,
}

/// Which placement group an instance is to be in.
#[derive(Debug, Default)]
pub(super) struct AskedGroup {
    name: Option<String>,
    id: Option<String>,
    partition: Option<u32>,
}

impl AskedGroup {
    /// Reads `GroupName` or `GroupId`, and `PartitionNumber`, whose names start with `prefix`. What is empty is not said.
    ///
    /// # Errors
    /// `InvalidParameterCombination` for a name together with an id.
    pub(super) fn take(params: &mut QueryParams, prefix: &str) -> Result<Self, AwsError> {
        let mut said = |name: &str| params.text(&format!("{prefix}{name}")).filter(|text| !text.is_empty());
        let (name, id) = (said("GroupName"), said("GroupId"));
        if name.is_some() && id.is_some() {
            let message = "The parameter GroupName cannot be used with the parameter GroupId";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        Ok(Self { name, id, partition: params.number(&format!("{prefix}PartitionNumber"))? })
    }

    /// Whether a partition is asked for, but no group.
    pub(super) fn is_partition_alone(&self) -> bool {
        self.partition.is_some() && self.name.is_none() && self.id.is_none()
    }

    /// The same partition of a group that is known already.
    pub(super) fn within(self, group: &str) -> Self {
        Self { id: Some(group.to_owned()), ..self }
    }

    /// Finds the group that is asked for, if one is.
    ///
    /// # Errors
    /// `InvalidPlacementGroup.Unknown`, `InvalidPlacementGroupId.Malformed`, and `InvalidParameterValue` for a partition
    /// that the group does not have.
    pub(super) fn find<'g>(
        &self,
        groups: &'g Table<String, PlacementGroup>,
    ) -> Result<Option<&'g PlacementGroup>, AwsError> {
        let group = match (&self.name, &self.id) {
            (Some(name), _) => Some(groups.get(name).ok_or_else(|| kind::PLACEMENT.missing(name))?),
            (None, Some(id)) => {
                let found = groups.values().find(|group| group.id == *id);
                Some(found.ok_or_else(|| kind::PLACEMENT.absent(id))?)
            }
            (None, None) => None,
        };
        let most = group.and_then(|group| group.partitions).unwrap_or(0);
        match self.partition {
            Some(number) if !(1..=most).contains(&number) => {
                let reason = "Expecting the number of a partition of the placement group.";
                Err(AwsError::invalid_parameter(&number.to_string(), "PartitionNumber", reason))
            }
            _ => Ok(group),
        }
    }
}

impl PlacementGroup {
    /// Refuses an instance type that cannot be in a group of this strategy.
    pub(super) fn check_type(&self, name: &str, is_for_clusters: bool) -> Result<(), AwsError> {
        if self.strategy == "cluster" && !is_for_clusters {
            let message = format!(
                "Cluster placement groups are not supported by the '{name}' instance type. Specify a supported \
                 instance type or change the placement group strategy, and try again."
            );
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        Ok(())
    }

    /// Refuses a zone where the others of a cluster are not; `zones` are those of its instances.
    pub(super) fn check_zone<'z>(&self, zone: &str, mut zones: impl Iterator<Item = &'z str>) -> Result<(), AwsError> {
        match zones.find(|known| self.strategy == "cluster" && *known != zone) {
            Some(other) => {
                let message =
                    format!("The placement group '{}' is in use in another availability zone: {other}", self.name);
                Err(AwsError::sender("InvalidPlacementGroup.InUse", message))
            }
            None => Ok(()),
        }
    }

    /// The place of its instance number `turn`, from 0: in the partition that is asked for, or in each after the other.
    pub(super) fn place(&self, asked: &AskedGroup, turn: usize) -> Placed {
        let turn = u32::try_from(turn).unwrap_or(0);
        let partition = self.partitions.map(|most| asked.partition.unwrap_or(turn % most.max(1) + 1));
        Placed { group: self.id.clone(), name: self.name.clone(), partition }
    }
}

impl Placed {
    /// Writes the members of an instance's placement that there are with a group only.
    pub(super) fn write(&self, placement: &mut xml::Element) {
        xml::text(placement, "groupId", &self.group);
        if let Some(partition) = self.partition {
            xml::text(placement, "partitionNumber", &partition.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(strategy: &str, partitions: Option<u32>) -> PlacementGroup {
        let (id, name) = ("pg-0123456789abcdef0".to_owned(), "near".to_owned());
        PlacementGroup { id, name, strategy: strategy.to_owned(), partitions }
    }

    #[test]
    fn instances_are_put_into_each_partition_after_the_other_unless_one_is_asked_for() {
        let parts = group("partition", Some(3));
        let open = AskedGroup::default();
        let partition = |asked: &AskedGroup, turn: usize| parts.place(asked, turn).partition;
        assert_eq!([0, 1, 2, 3].map(|turn| partition(&open, turn)), [Some(1), Some(2), Some(3), Some(1)]);
        let asked = AskedGroup { partition: Some(2), ..AskedGroup::default() };
        assert_eq!(partition(&asked, 0), Some(2));
        assert_eq!(group("spread", None).place(&open, 5).partition, None);
    }

    #[test]
    fn a_cluster_is_of_larger_types_and_in_one_zone() {
        let cluster = group("cluster", None);
        assert_eq!(cluster.check_type("t3.micro", false).unwrap_err().code, "InvalidParameterCombination");
        assert!(cluster.check_type("c5.large", true).is_ok());
        assert!(group("spread", None).check_type("t3.micro", false).is_ok());
        let far = cluster.check_zone("us-east-1a", ["us-east-1a", "us-east-1b"].into_iter()).unwrap_err();
        assert_eq!(far.code, "InvalidPlacementGroup.InUse");
        assert!(far.message.ends_with(": us-east-1b"), "{}", far.message);
        assert!(cluster.check_zone("us-east-1a", ["us-east-1a"].into_iter()).is_ok());
        assert!(group("spread", None).check_zone("us-east-1a", ["us-east-1b"].into_iter()).is_ok());
    }

    #[test]
    fn a_partition_must_be_one_of_the_group() {
        let mut groups = Table::default();
        groups.insert("near".to_owned(), group("partition", Some(2)));
        let found = |partition: u32| {
            let asked = AskedGroup { name: Some("near".to_owned()), id: None, partition: Some(partition) };
            asked.find(&groups).map(|group| group.map(|group| group.id.clone())).map_err(|error| error.code)
        };
        assert_eq!(found(2).unwrap().as_deref(), Some("pg-0123456789abcdef0"));
        assert_eq!(found(3).unwrap_err(), "InvalidParameterValue");
        let alone = AskedGroup { partition: Some(1), ..AskedGroup::default() };
        assert!(alone.is_partition_alone() && alone.find(&groups).is_err());
        assert!(alone.within("pg-0123456789abcdef0").find(&groups).unwrap().is_some());
    }
}
