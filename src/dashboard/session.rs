//! Who may look and who may act: tokens that are handed out once, and the sessions that they open.
//!
//! A token is in the URL's fragment, which no server sees, and is exchanged for a cookie that no script reads. What was
//! wrong with a token is told to nobody: wrong, old, used and absent are one.

use crate::{api_key::Scope, secret::Secret, text::Lang};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Bytes of randomness in tokens and cookies.
const BYTES: usize = 32;
/// A session that is older ends: nobody looks at one for longer than a day's work.
const LONGEST: Duration = Duration::from_hours(12);
/// More are not kept; the oldest ends.
const MOST: usize = 64;

/// A token that opens a session.
struct Invitation {
    token: Secret,
    scope: Scope,
    /// Whether it opens one only.
    once: bool,
    until: Instant,
}

/// A browser that was let in.
struct Session {
    cookie: Secret,
    visitor: Visitor,
    until: Instant,
}

/// Who looks at a page.
#[derive(Clone)]
pub(super) struct Visitor {
    /// What they may do.
    pub(super) scope: Scope,
    /// What each form of theirs must carry.
    pub(super) form: Secret,
    /// The language of their pages.
    pub(super) lang: Lang,
}

/// Every token and session of this process.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    invitations: Vec<Invitation>,
    sessions: Vec<Session>,
}

impl Sessions {
    /// Draws a token that waits until this moment.
    ///
    /// # Errors
    /// The operating system's error when it has no randomness to give.
    pub(super) fn invite(&self, scope: Scope, once: bool, until: Instant) -> Result<Secret, getrandom::Error> {
        let token = Secret::random(BYTES)?;
        self.inner().invitations.push(Invitation { token: token.clone(), scope, once, until });
        Ok(token)
    }

    /// Exchanges a token for the cookie of a new session; `None` for every token that opens nothing.
    pub(super) fn enter(&self, token: &str, lang: Lang, now: Instant) -> Option<Secret> {
        let (cookie, form) = (Secret::random(BYTES).ok()?, Secret::random(BYTES).ok()?);
        let mut inner = self.inner();
        inner.invitations.retain(|invitation| invitation.until > now);
        let at = inner.invitations.iter().position(|invitation| invitation.token.matches(token))?;
        let Invitation { scope, once, .. } = inner.invitations[at];
        let until = if once { now + LONGEST } else { inner.invitations[at].until };
        if once {
            inner.invitations.swap_remove(at);
        }
        if inner.sessions.len() >= MOST {
            inner.sessions.remove(0);
        }
        let visitor = Visitor { scope, form, lang };
        inner.sessions.push(Session { cookie: cookie.clone(), visitor, until });
        Some(cookie)
    }

    /// Finds whose cookie this is.
    pub(super) fn visitor(&self, cookie: &str, now: Instant) -> Option<Visitor> {
        let mut inner = self.inner();
        inner.sessions.retain(|session| session.until > now);
        inner.sessions.iter().find(|session| session.cookie.matches(cookie)).map(|session| session.visitor.clone())
    }

    /// Takes a token that opens many sessions for one itself, for a program.
    pub(super) fn bearer(&self, token: &str, now: Instant) -> Option<Visitor> {
        let inner = self.inner();
        let mut shared = inner.invitations.iter().filter(|invitation| !invitation.once && invitation.until > now);
        let found = shared.find(|invitation| invitation.token.matches(token))?;
        Some(Visitor { scope: found.scope, form: Secret::random(BYTES).ok()?, lang: Lang::En })
    }

    /// Changes the language of a visitor's pages.
    pub(super) fn speak(&self, visitor: &Visitor, lang: Lang) {
        let mut inner = self.inner();
        let same = |session: &&mut Session| session.visitor.form.matches(visitor.form.expose());
        if let Some(session) = inner.sessions.iter_mut().find(same) {
            session.visitor.lang = lang;
        }
    }

    /// Ends every session and every token.
    pub(super) fn end(&self) {
        *self.inner() = Inner::default();
    }

    /// Whether nobody has used a token that opens one session.
    pub(super) fn is_awaited(&self) -> bool {
        self.inner().invitations.iter().any(|invitation| invitation.once)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_token_opens_one_session_and_is_then_as_good_as_none() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let token = sessions.invite(Scope::Control, true, now + MINUTE).unwrap();
        assert!(sessions.enter("", Lang::En, now).is_none() && sessions.enter("0", Lang::En, now).is_none());
        assert!(sessions.is_awaited());
        let cookie = sessions.enter(token.expose(), Lang::Fr, now).unwrap();
        assert!(sessions.enter(token.expose(), Lang::En, now).is_none(), "used");
        let visitor = sessions.visitor(cookie.expose(), now).unwrap();
        assert_eq!((visitor.scope, visitor.lang), (Scope::Control, Lang::Fr));
        assert!(sessions.visitor(token.expose(), now).is_none(), "a token is no cookie");
        sessions.speak(&visitor, Lang::En);
        assert_eq!(sessions.visitor(cookie.expose(), now).unwrap().lang, Lang::En);
        sessions.end();
        assert!(sessions.visitor(cookie.expose(), now).is_none());
    }

    #[test]
    fn tokens_and_sessions_grow_old() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let token = sessions.invite(Scope::Control, true, now + MINUTE).unwrap();
        assert!(sessions.enter(token.expose(), Lang::En, now + MINUTE).is_none());

        let shared = sessions.invite(Scope::Status, false, now + MINUTE).unwrap();
        let cookies = [(); 2].map(|()| sessions.enter(shared.expose(), Lang::En, now).unwrap());
        for cookie in &cookies {
            assert_eq!(sessions.visitor(cookie.expose(), now).unwrap().scope, Scope::Status);
        }
        assert!(cookies.iter().all(|cookie| sessions.visitor(cookie.expose(), now + MINUTE).is_none()));
        assert!(sessions.bearer(shared.expose(), now).is_some_and(|visitor| visitor.scope == Scope::Status));
        assert!(sessions.bearer(shared.expose(), now + MINUTE).is_none());
        let once = sessions.invite(Scope::Control, true, now + MINUTE).unwrap();
        assert!(sessions.bearer(once.expose(), now).is_none() && sessions.bearer("", now).is_none());
    }

    #[test]
    fn no_more_than_so_many_are_kept() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let shared = sessions.invite(Scope::Status, false, now + MINUTE).unwrap();
        let cookies: Vec<Secret> =
            (0..=MOST).map(|_| sessions.enter(shared.expose(), Lang::En, now).unwrap()).collect();
        assert!(sessions.visitor(cookies[0].expose(), now).is_none());
        assert!(sessions.visitor(cookies[MOST].expose(), now).is_some());
    }
}
