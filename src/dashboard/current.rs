//! The settings as they are by now: a dashboard stays open while `atelier.toml` is written.
//!
//! What cannot be read leaves everything as it was, and is told where the pages say how it is.

use super::stance::Stance;
use crate::{
    commands::context::Context,
    settings::{FILE, Settings},
    text::Message,
};
use std::{
    fs,
    sync::{Arc, Mutex, PoisonError},
};

/// Gives the context with the settings as they are by now.
pub(super) struct Current {
    base: Context,
    stance: Arc<Stance>,
    read: Mutex<Read>,
}

/// What was read last.
struct Read {
    /// The file, as it was then; nothing where there was none.
    file: Option<Vec<u8>>,
    settings: Settings,
    problem: Option<Problem>,
}

/// What is wrong with the settings, and what mends it.
#[derive(Clone)]
pub(super) struct Problem {
    pub(super) message: Message,
    pub(super) hints: Vec<Message>,
}

impl Current {
    pub(super) fn new(base: Context, stance: Arc<Stance>) -> Self {
        let read = Mutex::new(Read { file: None, settings: base.settings.clone(), problem: None });
        Self { base, stance, read }
    }

    /// The context, and what is wrong with the settings, where anything is.
    pub(super) fn context(&self) -> (Context, Option<Problem>) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // It is small, and its time may not tell two writes of one second apart.
        let file = fs::read(self.base.settings.folder.join(FILE)).ok();
        if read.file != file {
            read.file = file;
            match (self.base.reread)() {
                Ok(settings) => {
                    self.stance.follow(&settings);
                    (read.settings, read.problem) = (settings, None);
                }
                Err(error) => {
                    read.problem = Some(Problem { hints: error.hints_or_default(), message: error.message });
                }
            }
        }
        (Context { settings: read.settings.clone(), ..self.base.clone() }, read.problem.clone())
    }
}
