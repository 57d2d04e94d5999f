//! Placement groups are made, described and removed, and instances are moved from one to another.

use super::{
    catalog::{self, InstanceType},
    instance::{Instance, Phase},
    kind,
    listing::{Listing, Record, Tags, created},
    new_id,
    placement::{AskedGroup, PlacementGroup},
    state::State,
    tags,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams, xml},
};

/// The most partitions of a group, and how many it has where none is said.
const PARTITIONS: (u32, u32) = (7, 2);

impl State {
    /// The instances of a placement group that are not terminated.
    pub(super) fn placed_in<'s>(&'s self, group: &'s str, now: i64) -> impl Iterator<Item = &'s Instance> {
        self.instances.values().filter(move |instance| {
            let is_in = instance.options.group.as_ref().is_some_and(|placed| placed.group == group);
            is_in && instance.phase(now) != Phase::Terminated
        })
    }

    /// The name of a placement group, by its id.
    pub(in crate::emulator) fn placement_name(&self, id: &str) -> Option<String> {
        self.placements.values().find(|group| group.id == id).map(|group| group.name.clone())
    }

    /// The tags of a placement group, by its name.
    pub(super) fn placement_tags(&self, name: &str) -> Option<Tags> {
        self.tags_by_id(&self.placements.get(name)?.id)
    }
}

/// `CreatePlacementGroup`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, strategy, partitions, new_tags, dry), scope) = operation.query(|params| {
        refuse(params, "CreatePlacementGroup", &["LinkedGroupId", "Operator"])?;
        let (name, strategy) = (take_name(params)?, params.one_of("Strategy", &["cluster", "partition", "spread"])?);
        let strategy = strategy.unwrap_or_else(|| "cluster".to_owned());
        let partitions = take_partitions(params, &strategy)?;
        check_level(params, &strategy)?;
        Ok((name, strategy, partitions, tags::take_for(params, &kind::PLACEMENT)?, super::take_dry_run(params)?))
    })?;
    let group = PlacementGroup { id: new_id(kind::PLACEMENT.prefix)?, name, strategy, partitions };
    let shown = Shown::of(&group, new_tags.clone(), &scope);
    scope
        .change(|state| {
            if state.ec2.placements.contains_key(&group.name) {
                let message = format!("The placement group '{}' already exists.", group.name);
                return Err(AwsError::sender("InvalidPlacementGroup.Duplicate", message));
            }
            super::dry_run(dry)?;
            state.ec2.set_tags(&group.id, new_tags);
            state.ec2.placements.insert(group.name.clone(), group);
            Ok(())
        })
        .await?;
    Ok(created("placementGroup", shown, ""))
}

fn refuse(params: &QueryParams, operation: &str, lacking: &[&str]) -> Result<(), AwsError> {
    match lacking.iter().find(|name| params.has(name)) {
        Some(name) => Err(AwsError::not_implemented("ec2", &format!("{operation} with {name}"))),
        None => Ok(()),
    }
}

fn take_name(params: &mut QueryParams) -> Result<String, AwsError> {
    let name = params.required("GroupName")?;
    if name.is_ascii() && name.len() <= 255 && !name.contains(char::is_control) {
        return Ok(name);
    }
    Err(AwsError::invalid_parameter(&name, "groupName", "Expecting up to 255 ASCII characters."))
}

fn take_partitions(params: &mut QueryParams, strategy: &str) -> Result<Option<u32>, AwsError> {
    let (most, default) = PARTITIONS;
    match params.number::<u32>("PartitionCount")? {
        None => Ok((strategy == "partition").then_some(default)),
        Some(_) if strategy != "partition" => {
            let message = "The parameter PartitionCount may only be used with the strategy partition.";
            Err(AwsError::sender("InvalidParameterCombination", message))
        }
        Some(count) if (1..=most).contains(&count) => Ok(Some(count)),
        Some(count) => {
            let reason = format!("Expecting a value between 1 and {most}.");
            Err(AwsError::invalid_parameter(&count.to_string(), "PartitionCount", &reason))
        }
    }
}

/// Instances of a spread are on racks of their own; hosts of their own are those of an Outpost.
fn check_level(params: &mut QueryParams, strategy: &str) -> Result<(), AwsError> {
    match params.one_of("SpreadLevel", &["host", "rack"])?.as_deref() {
        Some("host") => Err(AwsError::not_implemented("ec2", "CreatePlacementGroup with SpreadLevel host")),
        Some(_) if strategy != "spread" => {
            let message = "The parameter SpreadLevel may only be used with the strategy spread.";
            Err(AwsError::sender("InvalidParameterCombination", message))
        }
        _ => Ok(()),
    }
}

/// `DeletePlacementGroup`: refused while an instance is in it.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, dry), scope) =
        operation.query(|params| Ok((params.required("GroupName")?, super::take_dry_run(params)?)))?;
    let now = scope.now_millis();
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let group = ec2.placements.get(&name).ok_or_else(|| kind::PLACEMENT.missing(&name))?;
            let id = group.id.clone();
            if ec2.placed_in(&id, now).next().is_some() {
                let message = format!("The placement group '{name}' is in use and may not be deleted.");
                return Err(AwsError::sender("InvalidPlacementGroup.InUse", message));
            }
            super::dry_run(dry)?;
            ec2.placements.remove(&name);
            ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// A placement group as a listing shows it.
struct Shown {
    group: PlacementGroup,
    arn: String,
    tags: Tags,
}

impl Shown {
    fn of(group: &PlacementGroup, tags: Tags, scope: &Scope<'_>) -> Self {
        let arn = format!("arn:aws:ec2:{}:{}:placement-group/{}", scope.region, scope.account(), group.name);
        Self { group: group.clone(), arn, tags }
    }

    /// What a spread is made over.
    fn level(&self) -> Option<&'static str> {
        (self.group.strategy == "spread").then_some("rack")
    }
}

/// `DescribePlacementGroups`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["group-arn", "group-name", "spread-level", "state", "strategy"];
    let ((names, listing), scope) = operation.query(|params| {
        let names = params.list("GroupName")?;
        Ok((names, Listing::take_whole(params, "GroupId", &known)?))
    })?;
    let mut shown = scope.read(|state| {
        let groups = state.ec2.placements.values();
        let shown = groups.map(|group| Shown::of(group, state.ec2.tags_of(&group.id).clone(), &scope));
        shown.collect::<Vec<_>>()
    });
    if let Some(name) = names.iter().find(|name| !shown.iter().any(|known| known.group.name == **name)) {
        return Err(kind::PLACEMENT.missing(name));
    }
    shown.retain(|known| names.is_empty() || names.contains(&known.group.name));
    listing.answer(&kind::PLACEMENT, "placementGroupSet", shown)
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.group.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "group-arn" => test(&self.arn),
            "group-name" => test(&self.group.name),
            "spread-level" => self.level().is_some_and(test),
            "state" => test("available"),
            _ => test(&self.group.strategy),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "groupName", &self.group.name);
        xml::text(item, "state", "available");
        xml::text(item, "strategy", &self.group.strategy);
        if let Some(count) = self.group.partitions {
            xml::text(item, "partitionCount", &count.to_string());
        }
        xml::text(item, "groupId", &self.group.id);
        xml::text(item, "groupArn", &self.arn);
        if let Some(level) = self.level() {
            xml::text(item, "spreadLevel", level);
        }
    }
}

/// `ModifyInstancePlacement`: the placement group of an instance that is stopped; an empty name takes it out of its own.
pub(super) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, asked), scope) = operation.query(|params| {
        let lacking = ["Affinity", "HostId", "HostResourceGroupArn", "Tenancy"];
        refuse(params, "ModifyInstancePlacement", &lacking)?;
        let id = params.required("InstanceId")?;
        if !["GroupId", "GroupName", "PartitionNumber"].into_iter().any(|name| params.has(name)) {
            return Err(AwsError::missing_parameter("GroupName"));
        }
        Ok((id, AskedGroup::take(params, "")?))
    })?;
    let now = scope.now_millis();
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let found = ec2.find(std::slice::from_ref(&id), now)?;
            let found = found.first().ok_or_else(|| AwsError::internal("No instance."))?;
            if found.phase(now) != Phase::Stopped {
                let message = format!("The instance '{id}' is not in the 'stopped' state.");
                return Err(AwsError::sender("IncorrectInstanceState", message));
            }
            let own = found.options.group.as_ref().map(|placed| placed.group.clone());
            let asked = match own {
                Some(group) if asked.is_partition_alone() => asked.within(&group),
                _ => asked,
            };
            let placed = match asked.find(&ec2.placements)? {
                Some(group) => {
                    let is_for_clusters = catalog::find(&found.kind).is_none_or(InstanceType::is_for_clusters);
                    group.check_type(&found.kind, is_for_clusters)?;
                    let others = ec2.placed_in(&group.id, now).filter(|other| other.id != id);
                    let others: Vec<&Instance> = others.collect();
                    group.check_zone(&found.zone, others.iter().map(|other| other.zone.as_str()))?;
                    Some(group.place(&asked, others.len()))
                }
                None => None,
            };
            if let Some(instance) = ec2.instances.get_mut(&id) {
                instance.options.group = placed;
            }
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}
