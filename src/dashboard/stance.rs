//! What pages are about, and what they may: as far as the settings say it, which may change while the command runs.

use crate::{
    settings::{Setting, Settings},
    shell::word,
    text::Lang,
};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// What pages are about, and what they may.
pub(super) struct Stance {
    /// Whether pages may change something.
    pub(super) allows_writes: bool,
    /// The language of who has said none.
    pub(super) lang: Setting<Lang>,
    is_own_function: AtomicBool,
    stack: Mutex<String>,
    /// Whether whoever started this has named the stack for it.
    is_named: AtomicBool,
}

impl Stance {
    pub(super) fn new(allows_writes: bool, settings: &Settings) -> Self {
        let (is_own_function, stack, is_named) = (AtomicBool::default(), Mutex::default(), AtomicBool::default());
        let stance = Self { allows_writes, lang: settings.lang.clone(), is_own_function, stack, is_named };
        stance.follow(settings);
        stance
    }

    /// Takes over what the settings say by now.
    pub(super) fn follow(&self, settings: &Settings) {
        self.is_own_function.store(settings.function.value.is_some(), Ordering::Relaxed);
        self.is_named.store(settings.named_stack().is_some(), Ordering::Relaxed);
        *self.stack.lock().unwrap_or_else(PoisonError::into_inner) = settings.stack.value.to_string();
    }

    /// Whether the function is the user's own, who alone knows what it can be asked.
    pub(super) fn is_own_function(&self) -> bool {
        self.is_own_function.load(Ordering::Relaxed)
    }

    /// The stack.
    pub(super) fn stack(&self) -> String {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A command as it means this stack elsewhere, too: with the name, where one was given.
    pub(super) fn command(&self, line: &str) -> String {
        if !self.is_named.load(Ordering::Relaxed) {
            return line.to_owned();
        }
        format!("{line} --stack={}", word(&self.stack()))
    }
}
