//! What a region holds: one state per service.

use super::{
    apigateway, apigatewayv2, cloudwatch, ec2, events, iam, lambda, logs,
    store::{self, AnyTable, Tables},
};

/// The emulator's store.
pub type Store = store::Store<RegionState>;

/// Everything that a region holds, per service. What belongs to no region is in the one of
/// [`Region::global`](store::Region::global).
#[derive(Clone, Default)]
pub struct RegionState {
    /// APIs, stages, keys.
    pub apigateway: apigateway::State,
    /// HTTP APIs.
    pub apigatewayv2: apigatewayv2::State,
    /// Alarms.
    pub cloudwatch: cloudwatch::State,
    /// Instances.
    pub ec2: ec2::State,
    /// Rules and buses.
    pub events: events::State,
    /// Roles; global.
    pub iam: iam::State,
    /// Functions.
    pub lambda: lambda::State,
    /// Log groups and streams, without their events.
    pub logs: logs::State,
}

impl RegionState {
    fn services(&mut self) -> [&mut dyn Tables; 8] {
        [
            &mut self.apigateway,
            &mut self.apigatewayv2,
            &mut self.cloudwatch,
            &mut self.ec2,
            &mut self.events,
            &mut self.iam,
            &mut self.lambda,
            &mut self.logs,
        ]
    }
}

impl Tables for RegionState {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        self.services().into_iter().flat_map(Tables::tables).collect()
    }

    fn upgrade(state: &mut serde_json::Value) {
        logs::State::upgrade(state);
    }

    fn derive(&mut self) {
        self.services().into_iter().for_each(Tables::derive);
    }
}
