//! The frame of every page: head, menu, foot, and what tells a reader that something has changed.

use super::{
    board::Board,
    session::Visitor,
    shown::{Shown, command, say},
    view::View,
};
use crate::{api_key::Scope, text::Lang};
use maud::{DOCTYPE, Markup, html};

/// What every page is made with.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) board: &'a Board,
    pub(super) visitor: &'a Visitor,
}

impl Frame<'_> {
    pub(super) fn lang(&self) -> Lang {
        self.visitor.lang
    }

    /// Writes a text in the visitor's language.
    pub(super) fn say(&self, key: &str) -> String {
        say(self.lang(), key)
    }

    /// Whether the visitor may have something done.
    pub(super) fn may(&self, scope: Scope) -> bool {
        self.visitor.scope.allows(scope) && (scope == Scope::Status || self.board.stance.allows_writes)
    }

    /// What every form carries.
    pub(super) fn proof(&self) -> Markup {
        html! { input type="hidden" name="form" value=(self.visitor.form.expose()); }
    }

    /// Writes a view's page.
    pub(super) fn page(&self, view: View, body: &Markup) -> Markup {
        let line = view.command();
        let line = if view.is_of_stack() { self.board.stance.command(line) } else { line.to_owned() };
        self.page_of(view, &line, body)
    }

    /// Writes a page of a view that another command shows.
    pub(super) fn page_of(&self, view: View, line: &str, body: &Markup) -> Markup {
        let lang = self.lang();
        let title = self.title(view);
        document(
            lang,
            &format!("{title} · atelier"),
            &html! {
                a.skip href="#main" { (self.say("board.skip")) }
                header.top {
                    p.brand { "atelier" span.stack { (Shown(&self.board.stance.stack())) } }
                    nav aria-label=(self.say("board.menu")) {
                        ul {
                            @for (at, entry) in View::ALL.into_iter().enumerate() {
                                li {
                                    a href=(entry.path()) data-key=(at + 1) aria-current=[(entry == view).then_some("page")] {
                                        (self.title(entry))
                                    }
                                }
                            }
                        }
                    }
                }
                main #main tabindex="-1" data-view=(view.name()) {
                    div.heading {
                        h1 { (title) }
                        p.same { span { (self.say("board.same")) } " " (command(lang, line)) }
                    }
                    @if !self.may(Scope::Control) {
                        p.note { (self.say(if self.visitor.scope == Scope::Status { "board.shared" } else { "board.read_only" })) }
                    }
                    (body)
                }
                (self.foot())
                (self.keys())
                p #said.unseen role="status" aria-live="polite" {}
            },
        )
    }

    /// What a view is called.
    pub(super) fn title(&self, view: View) -> String {
        self.say(&format!("board.view.{}", view.name()))
    }

    fn foot(&self) -> Markup {
        let other = match self.lang() {
            Lang::En => Lang::Fr,
            Lang::Fr => Lang::En,
        };
        html! {
            footer {
                button #pause.quiet type="button" hidden aria-pressed="false" data-on=(self.say("board.paused")) { (self.say("board.pause")) }
                button #help.quiet type="button" hidden { (self.say("board.keys")) " " kbd { "?" } }
                noscript { p { (self.say("board.no_script")) } }
                form method="post" action="/lang" {
                    (self.proof())
                    button.quiet name="lang" value=(other.tag()) lang=(other.tag()) { (say(other, "board.this_language")) }
                }
                p.version { "atelier " (env!("CARGO_PKG_VERSION")) }
            }
        }
    }

    fn keys(&self) -> Markup {
        html! {
            dialog #keys aria-labelledby="keys-title" {
                h2 #keys-title { (self.say("board.keys")) }
                dl {
                    dt { kbd { "1" } "–" kbd { (View::ALL.len()) } } dd { (self.say("board.key.views")) }
                    dt { kbd { "s" } } dd { (self.say("board.key.start")) }
                    dt { kbd { "x" } } dd { (self.say("board.key.stop")) }
                    dt { kbd { "p" } } dd { (self.say("board.key.pause")) }
                    dt { kbd { "?" } } dd { (self.say("board.key.help")) }
                    dt { kbd { "Esc" } } dd { (self.say("board.key.close")) }
                }
                p { label { input #single-keys type="checkbox" checked; " " (self.say("board.key.enabled")) } }
                form method="dialog" { button { (self.say("board.close")) } }
            }
        }
    }
}

/// The page of whoever was not let in: it says how to be, and nothing of what is behind it.
pub(super) fn door(lang: Lang) -> Markup {
    let say = |key| say(lang, key);
    document(
        lang,
        "atelier",
        &html! {
            main #door.door {
                p.brand { "atelier" }
                h1 { (say("board.door.title")) }
                p { (say("board.door.how")) }
                form method="post" action="/session" {
                    label for="token" { (say("board.door.token")) }
                    input #token name="token" type="password" autocomplete="off" required;
                    button.primary { (say("board.door.enter")) }
                }
                p #refused role="alert" hidden { (say("board.door.refused")) }
            }
        },
    )
}

fn document(lang: Lang, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/style.css";
                script src="/script.js" defer {}
            }
            body { (body) }
        }
    }
}
