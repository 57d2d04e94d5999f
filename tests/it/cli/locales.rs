//! The locale files: complete, and alike.

use atelier::{
    error::{Code, Error},
    text::{Lang, Message},
};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the subset of YAML that the files keep to: nested keys, quoted one-line texts, `|-` blocks.
fn texts(yaml: &str) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for line in yaml.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        if let Some((depth, key)) = &block {
            if indent > *depth {
                let text = texts.get_mut(key).unwrap();
                text.push_str(line.trim());
                text.push('\n');
                continue;
            }
            block = None;
        }
        let (key, value) = line.trim().split_once(':').unwrap_or_else(|| panic!("{line}"));
        path.retain(|(depth, _)| *depth < indent);
        path.push((indent, key));
        let name = path.iter().map(|(_, key)| *key).collect::<Vec<_>>().join(".");
        match value.trim() {
            "" => {}
            "|-" => {
                texts.insert(name.clone(), String::new());
                block = Some((indent, name));
            }
            text => assert!(texts.insert(name, text.to_owned()).is_none(), "twice: {line}"),
        }
    }
    texts
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split("%{").skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

/// The keys of every text.
pub(super) fn keys() -> Vec<String> {
    texts(include_str!("../../../locales/en.yml")).into_keys().filter(|key| key != "_version").collect()
}

/// The placeholders that stand for something typed wherever they are used: in backticks.
pub(super) fn placeholders_in_backticks() -> BTreeSet<String> {
    let all: Vec<String> = all().into_iter().map(|(_, _, text)| text).collect();
    let every: BTreeSet<&str> = all.iter().flat_map(|text| placeholders(text)).collect();
    let outside: Vec<String> = all.iter().map(|text| text.split('`').step_by(2).collect()).collect();
    let bare: BTreeSet<&str> = outside.iter().flat_map(|text| placeholders(text)).collect();
    every.difference(&bare).map(|name| (*name).to_owned()).collect()
}

#[test]
fn both_languages_have_the_same_keys_and_each_text_the_same_placeholders() {
    let english = texts(include_str!("../../../locales/en.yml"));
    let french = texts(include_str!("../../../locales/fr.yml"));
    assert!(english.len() > 100, "the reader above reads the files");
    assert_eq!(english.keys().collect::<Vec<_>>(), french.keys().collect::<Vec<_>>());
    for (key, text) in &english {
        assert_eq!(placeholders(text), placeholders(&french[key]), "{key}");
        assert!(!text.is_empty() && !french[key].is_empty(), "{key}");
    }
}

#[test]
fn every_error_code_has_its_sentence_in_both_languages() {
    for code in Code::ALL {
        let error = Error::new(*code);
        assert!(error.message.exists(), "{}", code.as_str());
        for lang in [Lang::En, Lang::Fr] {
            assert!(!error.message.render(lang).contains("error."), "{}", code.as_str());
        }
    }
    assert!(!Message::new("error.no_such_code").exists());
}

/// Every text of both files, without the quotes around it: its key, its language, itself.
fn all() -> Vec<(String, Lang, String)> {
    let files =
        [(Lang::En, include_str!("../../../locales/en.yml")), (Lang::Fr, include_str!("../../../locales/fr.yml"))];
    let each = files.into_iter().flat_map(|(lang, file)| {
        texts(file).into_iter().map(move |(key, text)| (key, lang, text.trim_matches('"').to_owned()))
    });
    each.filter(|(key, ..)| key != "_version").collect()
}

#[test]
fn every_text_is_written_as_it_is_in_its_file() {
    for (key, lang, text) in all() {
        let rendered = Message::new(&key).render(lang);
        let in_file = text.replace("\\\"", "\"").replace("\\\\", "\\");
        assert_eq!(rendered.trim_end(), in_file.trim_end(), "{key}");
    }
}

#[test]
fn every_text_can_be_shown_anywhere() {
    for (key, _, text) in all() {
        // A combining accent is a column of its own on many terminals, and a control character moves the cursor.
        let strange =
            |c: char| (c.is_control() && c != '\n') || ('\u{300}'..='\u{36f}').contains(&c) || c == '\u{fffd}';
        assert!(!text.contains(strange), "{key}: {text}");
        for mojibake in ["Ã", "â€", "Â "] {
            assert!(!text.contains(mojibake), "{key}: {text}");
        }
        assert_eq!(text.trim_matches(['\t', '\u{a0}']), text, "{key}");
    }
}

#[test]
fn french_is_written_as_the_french_do() {
    // Of the workshop's own output, which writes `Test 1:` without the space, scripts may depend on the form.
    let the_workshops = ["test.heading"];
    for (key, _, text) in all().into_iter().filter(|(key, lang, _)| *lang == Lang::Fr && !key.ends_with(".examples")) {
        let code = |text: &str| text.split('`').step_by(2).collect::<Vec<_>>().join("`");
        let prose = code(&text);
        let words: Vec<&str> = prose.split(' ').collect();
        for word in words {
            let glued = word.len() > 1 && word.ends_with([':', ';', '?', '!']) && !word.starts_with("%{");
            assert!(!glued || the_workshops.contains(&key.as_str()), "a space before `{word}` in {key}: {text}");
        }
        assert!(!text.contains("etes ") && !text.contains("deja ") && !prose.contains('\u{2019}'), "{key}: {text}");
    }
}

#[test]
fn every_text_that_is_named_is_there_and_every_text_that_is_there_is_named() {
    let mut source = String::new();
    let mut left = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            source.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    let known = texts(include_str!("../../../locales/en.yml"));
    let named = source.split("Message::new(\"").skip(1).filter_map(|rest| rest.split('"').next());
    for key in named {
        assert!(known.contains_key(key) || key.contains("no_such"), "`{key}` is no text");
    }
    // Whatever stands behind a quotation mark and could be a key, and what ends it; looked for once, not for each key.
    let quoted =
        source.split('"').skip(1).map(|rest| rest.split_at(rest.find(|c| !is_of_key(c)).unwrap_or(rest.len())));
    let (whole, begun): (BTreeSet<_>, BTreeSet<_>) =
        quoted.filter(|(_, end)| end.is_empty() || end.starts_with('{')).partition(|(_, end)| end.is_empty());
    let is_whole = |text: &str| whole.contains(&(text, ""));
    let begun: BTreeSet<&str> = begun.into_iter().map(|(text, _)| text).collect();
    for key in known.keys().filter(|key| *key != "_version") {
        // A key is named whole, or built from its beginning (`error.<code>`, `help.<verb>.about`) or its end.
        let built = key.match_indices('.').any(|(at, dot)| begun.contains(&key[..at + dot.len()]));
        let ended = key.rsplit_once('.').is_some_and(|(_, end)| is_whole(end));
        assert!(is_whole(key) || built || ended || key.starts_with("help."), "nobody says `{key}`");
    }
}

/// Whether a key of a locale file may have this.
fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}
