//! A container's log: read from Docker by the container's name, so that it is followed when the container is replaced.

use super::{Entry, time_of};
use crate::{
    cli::LogSource,
    commands::context::Context,
    docker::{
        Daemon, Role,
        container::{self, Line},
    },
    engine::{daemon, installation, record::Record},
};
use time::OffsetDateTime;

/// A place in a container's log.
pub(super) struct ContainerLog {
    source: LogSource,
    role: Role,
    /// Lines up to this moment have been seen.
    seen: OffsetDateTime,
    daemon: Option<Daemon>,
}

impl ContainerLog {
    /// Starts at this moment.
    pub(super) fn new(source: LogSource, role: Role, start: OffsetDateTime) -> Self {
        Self { source, role, seen: start, daemon: None }
    }

    /// Reads the lines that came since the last time, `most` at most. No Docker and no such container is an empty log,
    /// because the engine may need neither.
    pub(super) async fn read(&mut self, context: &Context, most: usize) -> Vec<Entry> {
        let lines = self.lines(context, most).await.unwrap_or_else(|| {
            // Looked for again next time: the daemon may have been restarted.
            self.daemon = None;
            Vec::new()
        });
        let fresh: Vec<Line> = lines.into_iter().filter(|line| line.time > self.seen).collect();
        self.seen = fresh.iter().map(|line| line.time).max().unwrap_or(self.seen);
        let entry =
            |line: Line| Entry { time: time_of(&line.text).unwrap_or(line.time), source: self.source, text: line.text };
        fresh.into_iter().map(entry).collect()
    }

    async fn lines(&mut self, context: &Context, most: usize) -> Option<Vec<Line>> {
        let settings = &context.settings;
        if Record::read(settings).is_some_and(|record| !record.uses_docker()) {
            return None;
        }
        let owner = installation::owner(settings)?;
        if self.daemon.is_none() {
            self.daemon = daemon::glance(settings).await.ok();
        }
        let daemon = self.daemon.as_ref()?;
        let project = settings.folder.to_string_lossy();
        let containers = container::owned(daemon, &owner).await.ok()?;
        let is_it = |container: &&container::Owned| {
            container.role == self.role.as_str() && container.project.as_deref() == Some(&*project)
        };
        let id = &containers.iter().find(is_it)?.id;
        Some(container::log(daemon, id, self.seen, most).await)
    }
}
