//! What is on each page, below its heading.

pub(super) mod calls;
pub(super) mod chain;
pub(super) mod class;
pub(super) mod doctor;
pub(super) mod logs;
pub(super) mod numbers;
pub(super) mod outcome;
pub(super) mod parts;
pub(super) mod sign;
pub(super) mod trial;
