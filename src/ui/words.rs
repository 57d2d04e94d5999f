//! Texts without what is only there to be seen: a screen reader reads each emoji aloud, and some terminals show a box.

/// What the texts begin with for those who see it; the words say the same.
const SIGNS: &str = "✅❌⛔✨🌐🐳🔨🚀🛑🧪🧹👀📦📥⏳🔁⚠\u{fe0f}";

/// Takes the signs out of a text, each with the space after it.
pub(super) fn only(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !SIGNS.contains(c) {
            words.push(c);
        } else if chars.peek() == Some(&' ') {
            chars.next();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_stay_as_they_are() {
        assert_eq!(only("✅ Instance created: i-1"), "Instance created: i-1");
        assert_eq!(only("✨ Déploiement terminé ! ✅"), "Déploiement terminé ! ");
        assert_eq!(only("nothing → nothing"), "nothing → nothing");
    }

    #[test]
    fn every_sign_of_the_texts_is_known() {
        for locale in [include_str!("../../locales/en.yml"), include_str!("../../locales/fr.yml")] {
            // From the dingbats on, nothing is a letter or a mark of either language.
            let signs = locale
                .chars()
                .filter(|c| matches!(c, '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' | '\u{1f000}'..));
            for sign in signs {
                assert!(SIGNS.contains(sign), "{sign}");
            }
        }
    }
}
