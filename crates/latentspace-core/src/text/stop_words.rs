//! Stop words: words of a language that carry no information about what a text is about.
//!
//! The lists are those of NLTK (Bird, Klein and Loper 2009), which contain mostly function words; for other languages, those of
//! the collection Stopwords ISO; each with the contractions of its language.

use std::collections::BTreeSet;

use super::contractions;
use super::tokens::normal_word;
use crate::error::{Error, Result, nearest};

/// Languages with a list, by name and by the code of their list.
const LANGUAGES: &[(&str, &str)] = &[
    ("afrikaans", "af"),
    ("albanian", "sq"),
    ("arabic", "ar"),
    ("armenian", "hy"),
    ("azerbaijani", "az"),
    ("basque", "eu"),
    ("belarusian", "be"),
    ("bengali", "bn"),
    ("bulgarian", "bg"),
    ("catalan", "ca"),
    ("chinese", "zh"),
    ("croatian", "hr"),
    ("czech", "cs"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("estonian", "et"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("galician", "gl"),
    ("german", "de"),
    ("greek", "el"),
    ("gujarati", "gu"),
    ("hebrew", "he"),
    ("hindi", "hi"),
    ("hungarian", "hu"),
    ("indonesian", "id"),
    ("irish", "ga"),
    ("italian", "it"),
    ("japanese", "ja"),
    ("kazakh", "kk"),
    ("korean", "ko"),
    ("latvian", "lv"),
    ("lithuanian", "lt"),
    ("marathi", "mr"),
    ("nepali", "ne"),
    ("norwegian", "no"),
    ("persian", "fa"),
    ("polish", "pl"),
    ("portuguese", "pt"),
    ("romanian", "ro"),
    ("russian", "ru"),
    ("slovak", "sk"),
    ("slovenian", "sl"),
    ("spanish", "es"),
    ("swahili", "sw"),
    ("swedish", "sv"),
    ("tagalog", "tl"),
    ("tajik", "tg"),
    ("tamil", "ta"),
    ("thai", "th"),
    ("turkish", "tr"),
    ("ukrainian", "uk"),
    ("uzbek", "uz"),
    ("vietnamese", "vi"),
];

/// Number of most frequent words for the detection of the language.
const COMMONEST: usize = 100;
/// Minimum share of their occurrences that are stop words of the detected language.
const FITS: f64 = 0.3;

/// The stop words, in lower case.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stops(BTreeSet<String>);

impl Stops {
    /// These words, in any form and case.
    pub(super) fn new(words: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Stops(words.into_iter().map(|word| normal_word(word.as_ref())).filter(|word| !word.is_empty()).collect())
    }

    /// These words, which a space keeps.
    pub(super) fn kept(words: &[String]) -> Self {
        Stops(words.iter().cloned().collect())
    }

    /// The stop words of these languages.
    ///
    /// # Errors
    /// [`Error::Param`] for a language without a list.
    pub(super) fn of(languages: &[String]) -> Result<Self> {
        let codes: Vec<&str> = languages.iter().map(|name| code(name)).collect::<Result<_>>()?;
        Ok(Stops::new(codes.into_iter().flat_map(words)))
    }

    /// Adds the words of another list.
    pub(super) fn add(&mut self, more: &Self) {
        self.0.extend(more.0.iter().cloned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a word is a stop word, ignoring case.
    pub(super) fn holds(&self, word: &str) -> bool {
        self.0.contains(word) || (word.chars().any(char::is_uppercase) && self.0.contains(&word.to_lowercase()))
    }

    /// All words, sorted.
    pub(super) fn words(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

/// The languages with a list of stop words.
pub fn languages() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|(name, _)| *name)
}

/// The code of a language with a list.
fn code(name: &str) -> Result<&'static str> {
    let lower = name.to_lowercase();
    LANGUAGES.iter().find(|(known, code)| *known == lower || *code == lower).map(|(_, code)| *code).ok_or_else(|| {
        let error =
            Error::param("stop_words", format!("'{name}'"), format!("there are lists of {}", languages().collect::<Vec<_>>().join(", ")));
        match nearest(&lower, languages()) {
            Some(near) => error.with_hint(format!("did you mean '{near}'?")),
            None => error.with_hint("for any language, give a file of words, one per line"),
        }
    })
}

/// The stop words of a language, by its code, without multi-word entries.
fn words(code: &str) -> impl Iterator<Item = String> {
    let list = stop_words::lookup(code).unwrap_or_default().iter().copied().chain(contractions::more(code));
    // Romanian is written with comma-below letters, and with cedillas on old keyboards.
    let comma = move |word: &'static str| (code == "ro").then(|| word.replace('ş', "ș").replace('ţ', "ț")).filter(|other| other != word);
    list.filter(|word| word.chars().any(char::is_alphabetic) && !word.contains(' '))
        .flat_map(move |word| std::iter::once(word.to_owned()).chain(comma(word)))
}

/// The elided words of these languages: the article of `l'eau`.
///
/// # Errors
/// [`Error::Param`] for a language without a list.
pub(super) fn elided(languages: &[String]) -> Result<Vec<String>> {
    let codes: Vec<&str> = languages.iter().map(|name| code(name)).collect::<Result<_>>()?;
    let all: BTreeSet<&str> = codes.into_iter().flat_map(contractions::elided).collect();
    Ok(all.into_iter().map(str::to_owned).collect())
}

/// Detects the language of words, given with their counts, the most frequent first; and the share of their occurrences in its list.
pub(super) fn detect<'a>(words: impl Iterator<Item = (&'a str, u64)>) -> Option<(&'static str, f64)> {
    let words: Vec<(String, u64)> = words.take(COMMONEST).map(|(word, count)| (word.to_lowercase(), count)).collect();
    let all: u64 = words.iter().map(|(_, count)| count).sum();
    let share = |code: &'static str| {
        let list = Stops::new(self::words(code));
        let held: u64 = words.iter().filter(|(word, _)| list.0.contains(word.as_str())).map(|(_, count)| count).sum();
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
            assert!(words(code(name).unwrap()).count() > 25, "{name}");
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
            (
                "ukrainian",
                "Кішка сиділа на вікні, і це було не вперше, коли вона там була, тому що їй подобалося дивитися на вулицю, як і всім.",
            ),
            (
                "polish",
                "Kot siedział na oknie i to nie był pierwszy raz, kiedy tam był, ponieważ lubił patrzeć na ulicę, jak i my wszyscy.",
            ),
            (
                "czech",
                "Kočka seděla na okně a nebylo to poprvé, co tam byla, protože se ráda dívala na ulici, jako my všichni, když je čas.",
            ),
            (
                "bulgarian",
                "Котката седеше на прозореца и това не беше първият път, когато тя беше там, защото обичаше да гледа към улицата.",
            ),
            (
                "croatian",
                "Mačka je sjedila na prozoru i to nije bilo prvi put da je bila tamo, jer je voljela gledati na ulicu, kao i svi mi.",
            ),
            ("hindi", "बिल्ली खिड़की पर बैठी थी और यह पहली बार नहीं था कि वह वहाँ थी क्योंकि उसे सड़क को देखना अच्छा लगता था।"),
            ("persian", "گربه روی پنجره نشسته بود و این اولین بار نبود که او آنجا بود چون دوست داشت به خیابان نگاه کند و با ما باشد."),
            (
                "vietnamese",
                "Con mèo ngồi trên cửa sổ và đây không phải là lần đầu tiên nó ở đó, vì nó rất thích nhìn ra phố cùng với chúng tôi.",
            ),
            (
                "portuguese",
                "O gato está na casa e não quer que as crianças da vizinha entrem com os seus amigos pela porta de trás da sala.",
            ),
            ("galician", "O gato está na casa e non quere que os nenos da veciña entren cos seus amigos pola porta de atrás da sala."),
            (
                "afrikaans",
                "Die kat het op die mat gesit en dit was nie die eerste keer dat hy daar was nie, want hy was baie lief vir die huis.",
            ),
            (
                "norwegian",
                "Katten satt på matten, og det var ikke første gang at den ble sett i huset, som er av stein og ligger ved en vei.",
            ),
            ("italian", "Il gatto è nella casa e non vuole che i bambini della vicina entrino con i loro amici dalla porta di dietro."),
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
