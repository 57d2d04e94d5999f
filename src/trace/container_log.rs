//! A container's log, read from Docker by the container's role, so that it is found when the container was replaced.

use super::{
    line::{Line, time_of},
    rotated::{Chunk, whole_from},
};
use crate::{
    cli::LogSource,
    docker::{
        Daemon, Role,
        container::{self, Stretch},
    },
    engine::{daemon, installation, record::Record},
    settings::Settings,
};
use time::OffsetDateTime;

/// Where a container's log is.
pub(super) struct ContainerLog {
    source: LogSource,
    role: Role,
    daemon: Option<Daemon>,
}

impl ContainerLog {
    pub(super) fn new(source: LogSource, role: Role) -> Self {
        Self { source, role, daemon: None }
    }

    /// Reads the lines from `from` on and before `until`; at most about `most`, the newest. No Docker and no such
    /// container is an empty log, because the engine may need neither.
    pub(super) async fn read(
        &mut self,
        settings: &Settings,
        window: (OffsetDateTime, OffsetDateTime),
        most: usize,
    ) -> Chunk {
        self.lines(settings, window, most).await.unwrap_or_else(|| {
            // Looked for again next time: the daemon may have been restarted.
            self.daemon = None;
            Chunk::default()
        })
    }

    async fn lines(
        &mut self,
        settings: &Settings,
        (from, until): (OffsetDateTime, OffsetDateTime),
        most: usize,
    ) -> Option<Chunk> {
        if Record::read(settings).is_none_or(|record| !record.uses_docker()) {
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
        // Docker counts in seconds: the second that the window ends in is read whole, and what is before it as far as
        // it is wanted.
        let second = until.unix_timestamp();
        let last = Stretch { since: second.max(from.unix_timestamp()), until: Some(second + 1), most: usize::MAX };
        let before = Stretch { since: from.unix_timestamp(), until: Some(second), most };
        let mut lines = container::log(daemon, id, before).await;
        let is_cut = lines.len() >= most;
        lines.extend(container::log(daemon, id, last).await);
        let mut lines: Vec<Line> = lines
            .into_iter()
            .map(|line| Line::new(time_of(&line.text).unwrap_or(line.time), self.source, line.text))
            .filter(|line| line.time >= from && line.time < until)
            .collect();
        // Lines of the second's border may come in both.
        lines.dedup_by(|a, b| a == b);
        // Engines count milliseconds: what was cut among lines of one moment is left to who reads on from there.
        let cut = lines.first().filter(|_| is_cut).map(|line| line.time);
        let reached = cut.map(|cut| whole_from(&lines, until).unwrap_or(cut));
        Some(Chunk { lines, reached })
    }
}
