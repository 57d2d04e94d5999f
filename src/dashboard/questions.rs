//! What pages ask of commands, beyond what the lookout sees.

use super::{board::Board, calling, views::parts::Found};
use crate::{
    cli,
    commands::doctor::{self, DoctorReport},
    engine,
    error::{Error, Result},
    stack::{self, Discovery, keys},
};
use std::sync::Arc;

impl Board {
    /// What a deploy would do, and the keys.
    pub(super) async fn found(&self) -> Option<Arc<Found>> {
        let ask = self.desk.ask(|context| async move {
            let engine = match engine::connect(&context.settings).await {
                Ok(engine) => engine,
                Err(error) => return Found { keys: Err(Error::new(error.code)), plan: Err(error) },
            };
            let plan = Box::pin(stack::plan(&context.run(&engine))).await.map_err(Error::from);
            let keys = keys::list(&engine, &context.settings.stack.value).await.map_err(Error::from);
            Found { plan, keys }
        });
        self.parts.get(ask).await
    }

    /// Every stack of the engine.
    pub(super) async fn stacks(&self) -> Option<Arc<Result<Vec<Discovery>>>> {
        let ask = self.desk.ask(|context| async move { Box::pin(calling::stacks(&context)).await });
        self.class.get(ask).await
    }

    /// What is wrong with this machine.
    pub(super) async fn doctor(&self) -> Option<Arc<DoctorReport>> {
        let ask = async {
            let args = cli::Doctor { report: false, aws: false, forget: false };
            let asked = self.desk.ask(|context| async move { Box::pin(doctor::run(&context, &args)).await });
            // It has no errors: what is wrong is what it tells.
            asked.await?.ok()
        };
        self.doctor.get(ask).await
    }

    /// Has everything found out anew: something was changed.
    pub(super) async fn forget(&self) {
        tokio::join!(self.parts.forget(), self.class.forget());
    }
}
