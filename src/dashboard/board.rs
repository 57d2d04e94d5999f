//! What all pages share.

use super::{
    desk::Desk,
    facts::{Counted, Found, Register},
    lookout::Lookout,
    place::Place,
    recent::Recent,
    session::Sessions,
    stance::Stance,
};
use crate::{
    commands::{doctor::DoctorReport, metrics::MetricsReport},
    error::Result,
    settings::{Origin, Setting},
    text::Lang,
    trace::Page,
};
use http::{HeaderMap, header};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How many streams there may be at once; who comes later asks again and again instead.
const STREAMS: usize = 8;
/// How long what commands told is shown again.
const TOLD: Duration = Duration::from_secs(2);
/// The same of the last calls.
const JUST_NOW: Duration = Duration::from_millis(500);
/// The same of `doctor`, which looks at the whole machine.
const EXAMINED: Duration = Duration::from_secs(10);

/// What all pages share.
pub(super) struct Board {
    pub(super) sessions: Sessions,
    pub(super) place: Place,
    pub(super) desk: Desk,
    pub(super) lookout: Lookout,
    pub(super) streams: Arc<Semaphore>,
    pub(super) stance: Arc<Stance>,
    pub(super) parts: Recent<Found>,
    pub(super) class: Recent<Register>,
    pub(super) lately: Recent<Result<Page>>,
    pub(super) numbers: Recent<Counted>,
    pub(super) metrics: Recent<Result<MetricsReport>>,
    pub(super) doctor: Recent<DoctorReport>,
    /// Cancelled when the command ends.
    pub(super) cancel: CancellationToken,
}

impl Board {
    pub(super) fn new(place: Place, desk: Desk, stance: Arc<Stance>, cancel: CancellationToken) -> Self {
        Self {
            sessions: Sessions::default(),
            place,
            desk,
            lookout: Lookout::default(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            stance,
            parts: Recent::new(TOLD),
            class: Recent::new(TOLD),
            lately: Recent::new(JUST_NOW),
            numbers: Recent::new(TOLD),
            metrics: Recent::new(EXAMINED),
            doctor: Recent::new(EXAMINED),
            cancel,
        }
    }

    /// The language of a browser: what the user told atelier, else what the browser asks for.
    pub(super) fn lang_of(&self, headers: &HeaderMap) -> Lang {
        let Setting { value, origin } = &self.stance.lang;
        match origin {
            Origin::Flag(_) | Origin::Environment("ATELIER_LANG") => *value,
            _ => wanted(headers).unwrap_or(*value),
        }
    }
}

/// The first language of `Accept-Language` that there is; browsers send them in the order in which they are wanted.
fn wanted(headers: &HeaderMap) -> Option<Lang> {
    let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let tags = text.split(',').filter_map(|range| range.split(';').next()).map(str::trim);
    tags.filter(|tag| *tag != "C").find_map(Lang::from_locale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_browsers_first_language_that_there_is_counts() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(text));
            wanted(&headers)
        };
        assert_eq!(of("fr-FR,fr;q=0.9,en;q=0.8"), Some(Lang::Fr));
        assert_eq!(of("de-DE, en-GB;q=0.7, fr;q=0.3"), Some(Lang::En));
        assert_eq!(of("de"), None);
        assert_eq!(of(""), None);
    }
}
