//! `DescribeInstances`: the call that every `status` of the handler makes, so it reads a snapshot once and allocates for
//! what it answers only.

use super::{
    filter::Filters,
    instance::Instance,
    instance_filters::{FILTERS, has},
    instance_xml::write_reservations,
    network::Network,
    paging::Paging,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};

/// `DescribeInstances`.
pub(super) fn instances(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((ids, filters, paging, dry), scope) = operation.query(|params| {
        let (ids, filters) = (params.list("InstanceId")?, Filters::take(params, FILTERS)?);
        Ok((ids, filters, Paging::take(params, 1000)?, super::take_dry_run(params)?))
    })?;
    refuse_ids_with_pages(&ids, &paging)?;
    let now = scope.now_millis();
    let (account, region) = (scope.account().to_owned(), scope.region.clone());
    let network = Network::new(&account, &region);
    let (page, token) = scope.read(|state| {
        let mut found = if ids.is_empty() { state.ec2.visible(now) } else { state.ec2.find(&ids, now)? };
        found.sort_by_key(|instance| instance.place());
        found.dedup_by_key(|instance| &instance.id);
        found.retain(|instance| filters.accept(|name, test| has(instance, name, test, &network, now)));
        let (page, token) = paging.cut(found, |instance| page_key(instance));
        Ok::<_, AwsError>((page.into_iter().cloned().collect::<Vec<Instance>>(), token))
    })?;
    super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        write_reservations(root, &page, &Network::new(&account, &region), &account, now);
        Paging::write(root, token.as_deref());
    }))
}

/// Refuses pages of instances that were asked for by id, as EC2 does.
pub(super) fn refuse_ids_with_pages(ids: &[String], paging: &Paging) -> Result<(), AwsError> {
    if !ids.is_empty() && paging.is_asked() {
        let message = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    Ok(())
}

/// A text that sorts as [`Instance::place`] does.
pub(super) fn page_key(instance: &Instance) -> String {
    format!("{:020}/{}/{:010}", instance.created, instance.reservation, instance.index)
}
