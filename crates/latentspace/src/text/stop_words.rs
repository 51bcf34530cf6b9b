//! Stop words: words of a language that say nothing of what a text is about.
//!
//! The lists are those of NLTK (Bird, Klein and Loper 2009), short ones that hold little but function words.

use std::collections::BTreeSet;

use crate::error::{Error, Result, nearest};

/// Languages with a list, by name and by the code of their list.
const LANGUAGES: &[(&str, &str)] = &[
    ("albanian", "sq"),
    ("arabic", "ar"),
    ("azerbaijani", "az"),
    ("basque", "eu"),
    ("belarusian", "be"),
    ("bengali", "bn"),
    ("catalan", "ca"),
    ("chinese", "zh"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("german", "de"),
    ("greek", "el"),
    ("hebrew", "he"),
    ("hungarian", "hu"),
    ("indonesian", "id"),
    ("italian", "it"),
    ("kazakh", "kk"),
    ("nepali", "ne"),
    ("norwegian", "no"),
    ("portuguese", "pt"),
    ("romanian", "ro"),
    ("russian", "ru"),
    ("slovenian", "sl"),
    ("spanish", "es"),
    ("swedish", "sv"),
    ("tajik", "tg"),
    ("tamil", "ta"),
    ("turkish", "tr"),
    ("uzbek", "uz"),
];

/// The commonest words by which a language is told.
const COMMONEST: usize = 100;
/// The share of the commonest words, as often as they are met, that the list of the text's language holds at least.
const FITS: f64 = 0.3;

/// Words that are left out, in lower case.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stops(BTreeSet<String>);

impl Stops {
    /// These words, in whatever case.
    pub(super) fn new(words: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Stops(
            words
                .into_iter()
                .map(|word| word.as_ref().trim().to_lowercase().replace('\u{2019}', "'"))
                .filter(|word| !word.is_empty())
                .collect(),
        )
    }

    /// Those of these languages.
    ///
    /// # Errors
    /// [`Error::Param`] for a language without a list.
    pub(super) fn of(languages: &[String]) -> Result<Self> {
        let lists: Vec<&[&str]> = languages.iter().map(|name| list(name)).collect::<Result<_>>()?;
        Ok(Stops::new(lists.into_iter().flatten()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a word is one of them, whatever its case.
    pub(super) fn holds(&self, word: &str) -> bool {
        self.0.contains(word) || (word.chars().any(char::is_uppercase) && self.0.contains(&word.to_lowercase()))
    }

    /// All, sorted.
    pub(super) fn words(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

/// The languages with a list of stop words.
pub fn languages() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|(name, _)| *name)
}

/// The list of a language.
fn list(name: &str) -> Result<&'static [&'static str]> {
    let lower = name.to_lowercase();
    let code = LANGUAGES.iter().find(|(known, code)| *known == lower || *code == lower).map(|(_, code)| *code);
    code.and_then(stop_words::lookup).ok_or_else(|| {
        let error =
            Error::param("stop_words", format!("'{name}'"), format!("there are lists of {}", languages().collect::<Vec<_>>().join(", ")));
        match nearest(&lower, languages()) {
            Some(near) => error.with_hint(format!("did you mean '{near}'?")),
            None => error.with_hint("a file of words, one a line, does for any language"),
        }
    })
}

/// The language whose list fits words, the commonest first, with how often each is met; and the share of these that its list holds.
pub(super) fn detect<'a>(words: impl Iterator<Item = (&'a str, u64)>) -> Option<(&'static str, f64)> {
    let words: Vec<(String, u64)> = words.take(COMMONEST).map(|(word, count)| (word.to_lowercase(), count)).collect();
    let all: u64 = words.iter().map(|(_, count)| count).sum();
    let share = |code: &str| {
        let list: BTreeSet<&str> = stop_words::lookup(code).unwrap_or_default().iter().copied().collect();
        let held: u64 = words.iter().filter(|(word, _)| list.contains(word.as_str())).map(|(_, count)| count).sum();
        held as f64 / all.max(1) as f64
    };
    let shares = LANGUAGES.iter().map(|(name, code)| (*name, share(code)));
    shares
        .fold(None, |best: Option<(&str, f64)>, next| if next.1 > best.map_or(0.0, |best| best.1) { Some(next) } else { best })
        .filter(|best| best.1 >= FITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_list_and_a_near_name_is_suggested() {
        for name in languages() {
            assert!(list(name).unwrap().len() > 30, "{name}");
        }
        let error = Stops::of(&["germn".to_owned()]).unwrap_err();
        assert_eq!(error.hint(), Some("did you mean 'german'?"));
        assert!(Stops::of(&["de".to_owned(), "English".to_owned()]).unwrap().holds("Und"));
    }

    #[test]
    fn the_language_is_told_by_the_commonest_words() {
        let texts = [
            ("english", "The cat sat on the mat and it was not the first time that this had been seen in the house, which is of stone."),
            (
                "german",
                "Die Katze saß auf der Matte, und es war nicht das erste Mal, dass man sie in dem Haus gesehen hat, das aus Stein ist.",
            ),
            ("french", "Le chat est dans la maison et il ne veut pas que les enfants de la voisine entrent avec leurs amis sur le tapis."),
            ("spanish", "El gato está en la casa y no quiere que los niños de la vecina entren con sus amigos por la puerta de atrás."),
            ("dutch", "De kat zat op de mat en het was niet de eerste keer dat men haar in het huis had gezien, dat van steen is."),
            ("russian", "Кошка сидела на окне, и это был не первый раз, когда она там была, потому что она любила смотреть на улицу."),
        ];
        for (language, text) in texts {
            let mut counts = std::collections::BTreeMap::new();
            text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).for_each(|word| {
                *counts.entry(word.to_owned()).or_insert(0_u64) += 1;
            });
            let mut words: Vec<(&str, u64)> = counts.iter().map(|(word, count)| (word.as_str(), *count)).collect();
            words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            assert_eq!(detect(words.into_iter()).map(|found| found.0), Some(language));
        }
        assert_eq!(detect([("kinase", 10), ("protein", 9), ("binding", 4)].into_iter()), None);
    }
}
