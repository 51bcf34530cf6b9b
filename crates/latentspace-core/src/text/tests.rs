//! Tests of text: equal to a plain reference, to scikit-learn, and whatever the batch, the blocks and the threads.

use std::collections::BTreeMap;

use icu_segmenter::WordSegmenter;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::random::Random;
use crate::run::Run;

fn run() -> Run {
    Run::new(0, 2).unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// All words, whatever their number of documents.
fn all_words() -> TextOptions {
    TextOptions { stop_words: StopWords::None, min_df: Some(Limit::Count(1)), max_df: Some(Limit::Share(1.0)), ..TextOptions::default() }
}

fn learned(documents: &[&str], options: &TextOptions) -> Learned {
    learn(&texts(documents), options, true, &run()).unwrap()
}

fn words(vocabulary: &Vocabulary) -> Vec<&str> {
    (0..vocabulary.len() as u32).map(|number| vocabulary.word(number)).collect()
}

fn words_of(document: &str, options: &TextOptions) -> Vec<String> {
    words(&learned(&[document], options).vocabulary).into_iter().map(str::to_owned).collect()
}

/// Text of many scripts, with joints, marks, numbers, pictures and strange spaces in it.
fn random_text(seed: u64, length: usize) -> String {
    const SIGNS: &[&str] = &[
        "a",
        "b",
        "Z",
        "e",
        "I",
        "don't",
        "U.S.",
        "3.14",
        "1,000",
        "7",
        "_",
        "x_1",
        "é",
        "e\u{301}",
        "ß",
        "ẞ",
        "İ",
        "Σ",
        "ΑΣ",
        "ж",
        "Щ",
        "word",
        "LongerWordsThanSixteenBytes",
        "中",
        "文",
        "かな",
        "カタ",
        "한국",
        "ไทย",
        "हिन्दी",
        "עברית",
        "\u{2019}",
        "don\u{2019}t",
        "'",
        ".",
        ":",
        ",",
        ";",
        "-",
        "!",
        "😀",
        "👩\u{200d}🚀",
        "🇩🇪",
        "❤\u{fe0f}",
        "©",
        "\u{200d}",
        "\u{ad}",
        "½",
        "Ⅷ",
        "٣",
        "\u{0}",
    ];
    const SPACES: &[&str] = &[" ", "  ", "\n", "\t", "", "", "", "\u{a0}", "\u{3000}", " - "];
    let random = Random::new(seed, "text");
    let pick = |step: usize, of: u64, from: &[&'static str]| from[random.below(step as u64, of, from.len() as u64) as usize];
    (0..length).flat_map(|step| [pick(step, 0, SIGNS), pick(step, 1, SPACES)]).collect()
}

/// Whether a sign of the random text may be a word of its own: Thai, Japanese, Chinese, Korean.
fn is_sign(c: char) -> bool {
    ('\u{e00}'..'\u{e7f}').contains(&c) || ('\u{3040}'..'\u{d7b0}').contains(&c)
}

/// Words by the rules as they are said, with no care for time.
fn reference(text: &str, options: &TextOptions) -> Vec<String> {
    let mut found = Vec::new();
    for piece in text.split(|c: char| c.is_ascii_whitespace()) {
        let piece: String = piece.replace(['\u{2019}', '\u{2018}'], "'").replace('\u{ad}', "").nfc().collect();
        let piece = if options.lowercase { piece.to_lowercase() } else { piece };
        match options.tokens {
            Tokens::Spaces => found.extend(piece.split_whitespace().map(str::to_owned)),
            Tokens::Words => {
                let without_spaces =
                    |word: &str| word.chars().next().is_some_and(|c| !('\u{ac00}'..='\u{d7af}').contains(&c) && is_sign(c));
                let mut parts: Vec<String> = Vec::new();
                for word in piece.split_word_bounds() {
                    match parts.last_mut() {
                        Some(last) if without_spaces(last) && without_spaces(word) => last.push_str(word),
                        _ => parts.push(word.to_owned()),
                    }
                }
                let dictionary = WordSegmenter::new_dictionary(Default::default());
                let cut = |part: &String| match without_spaces(part) {
                    true => {
                        let ends: Vec<usize> = dictionary.segment_str(part).collect();
                        ends.windows(2).map(|ends| part[ends[0]..ends[1]].to_owned()).collect()
                    }
                    false => vec![part.clone()],
                };
                for word in parts.iter().flat_map(cut) {
                    let word = word.trim_end_matches('\u{200d}');
                    let letters: Vec<char> = word.chars().filter(|c| c.is_alphanumeric()).collect();
                    let picture = letters.is_empty() && ["😀", "👩", "🇩", "❤\u{fe0f}"].iter().any(|picture| word.contains(picture));
                    let one_sign = letters.first().is_some_and(|&c| is_sign(c));
                    let number = !letters.is_empty() && letters.iter().all(|c| c.is_numeric());
                    if picture || ((letters.len() >= 2 || one_sign) && (!number || options.keep_numbers)) {
                        found.push(word.to_owned());
                    }
                }
            }
            Tokens::Runs => {
                // Marks are no letters for Python, and the Devanagari word above has some.
                let is_run = |c: char| c == '_' || (c.is_alphanumeric() && !('\u{93a}'..='\u{94f}').contains(&c));
                let runs = piece.split(|c: char| !is_run(c)).filter(|run| run.chars().count() >= 2);
                let number = |run: &str| run.chars().any(char::is_numeric) && run.chars().all(|c| c == '_' || c.is_numeric());
                found.extend(runs.filter(|run| options.keep_numbers || !number(run)).map(str::to_owned));
            }
        }
    }
    found
}

#[test]
fn counts_are_those_of_a_plain_reference_on_random_text() {
    for tokens in [Tokens::Words, Tokens::Runs, Tokens::Spaces] {
        for (lowercase, keep_numbers) in [(true, false), (false, true)] {
            let options = TextOptions { tokens, lowercase, keep_numbers, ..all_words() };
            let documents: Vec<String> = (0..60).map(|seed| random_text(seed, 1 + 7 * seed as usize)).collect();
            let Learned { vocabulary, counts, facts, .. } = learn(&documents, &options, true, &run()).unwrap();
            let counts = counts.unwrap();
            let expected: Vec<Vec<String>> = documents.iter().map(|text| reference(text, &options)).collect();
            let mut all: Vec<&str> = expected.iter().flatten().map(String::as_str).collect();
            assert_eq!(facts.tokens, all.len() as u64);
            all.sort_unstable();
            all.dedup();
            assert_eq!(words(&vocabulary), all);
            for (row, expected) in expected.iter().enumerate() {
                let mut cells: BTreeMap<u32, f32> = BTreeMap::new();
                expected.iter().for_each(|word| *cells.entry(vocabulary.number(word).unwrap()).or_insert(0.0) += 1.0);
                let (indices, values) = counts.row(row);
                assert_eq!(indices.iter().copied().zip(values.iter().copied()).collect::<BTreeMap<_, _>>(), cells, "{:?}", documents[row]);
                assert!(indices.is_sorted());
                let sequence: Vec<&str> = vocabulary.sequence(&documents[row]).into_iter().map(|word| vocabulary.word(word)).collect();
                assert_eq!(&sequence, expected);
            }
        }
    }
}

#[test]
fn a_text_is_counted_alike_alone_in_any_batch_and_on_any_number_of_threads() {
    let documents: Vec<String> = (0..200).map(|seed| random_text(seed, 3000)).collect();
    assert!(documents.iter().map(String::len).sum::<usize>() > 3 << 20);
    for options in
        [all_words(), TextOptions { ngrams: Some(2), phrases: Some(Score::Npmi), max_words: Some(3000), ..TextOptions::default() }]
    {
        let first = learn(&documents, &options, true, &Run::new(0, 1).unwrap()).unwrap();
        for threads in [2, 3] {
            let again = learn(&documents, &options, true, &Run::new(0, threads).unwrap()).unwrap();
            assert_eq!(words(&again.vocabulary), words(&first.vocabulary));
            assert_eq!((&again.counts, &again.facts, &again.told), (&first.counts, &first.facts, &first.told));
        }
        let counts = first.counts.unwrap();
        assert_eq!(counts.indices.len() as u64, first.facts.cells);
        assert_eq!(first.vocabulary.count(&documents, &run()).unwrap(), counts);
        for row in [0, 17, 199] {
            let alone = first.vocabulary.count(&documents[row..=row], &run()).unwrap();
            assert_eq!(alone.row(0), counts.row(row));
        }
        // As it is stored.
        let kept: Kept = serde_json::from_str(&serde_json::to_string(first.vocabulary.kept()).unwrap()).unwrap();
        let stored = Vocabulary::new(kept, &words(&first.vocabulary).into_iter().map(str::to_owned).collect::<Vec<_>>()).unwrap();
        assert_eq!(stored.count(&documents[..50], &run()).unwrap().indices, counts.indices[..counts.starts[50]]);
    }
}

/// Documents that come in batches, as those of files do.
struct Batches(Vec<String>, usize);

impl Documents for Batches {
    fn pass(&self, show: &mut dyn FnMut(&[String]) -> Result<()>) -> Result<()> {
        self.0.chunks(self.1).try_for_each(show)
    }
}

#[test]
fn what_is_learned_does_not_depend_on_how_documents_come_by() {
    let documents: Vec<String> = (0..120).map(|seed| random_text(seed, 200)).collect();
    for phrases in [None, Some(Score::Npmi), Some(Score::Pmi)] {
        let options = TextOptions { phrases, ..TextOptions::default() };
        let whole = learn(&documents, &options, true, &run()).unwrap();
        for size in [1, 7, 64] {
            let parts = learn(&Batches(documents.clone(), size), &options, true, &run()).unwrap();
            assert_eq!(words(&parts.vocabulary), words(&whole.vocabulary));
            assert_eq!((&parts.counts, &parts.facts, &parts.told), (&whole.counts, &whole.facts, &whole.told));
        }
    }
}

#[test]
fn words_are_unicode_s_in_lower_case() {
    let options = all_words();
    assert_eq!(
        words_of("Don't stop: the U.S. has 3.14 apples, 1990s and B2B!", &options),
        ["1990s", "apples", "and", "b2b", "don't", "has", "stop", "the", "u.s"]
            .map(str::to_owned)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(words_of("Straße CAFÉ İstanbul ΟΔΟΣ don\u{2019}t", &options), ["café", "don't", "i\u{307}stanbul", "straße", "οδος"]);
    assert_eq!(words_of("我爱 東京 a I é 😀 👩\u{200d}🚀", &options), ["我", "東京", "爱", "👩\u{200d}🚀", "😀"]);
    assert_eq!(words_of("The THE the", &TextOptions { lowercase: false, ..all_words() }), ["THE", "The", "the"]);
    assert_eq!(words_of("3.14 and 1,000", &TextOptions { keep_numbers: true, ..all_words() }), ["1,000", "3.14", "and"]);
    assert_eq!(words_of("a bb ccc", &TextOptions { min_letters: Some(3), ..all_words() }), ["ccc"]);
    assert_eq!(
        words_of("x_1 don't __ 3.14 é1", &TextOptions { tokens: Tokens::Runs, keep_numbers: true, ..all_words() }),
        ["14", "__", "don", "x_1", "é1"]
    );
}

/// scikit-learn 1.9.1: `CountVectorizer(ngram_range=(1, 2), stop_words=["the"], min_df=2).fit_transform(DOCUMENTS)`, by
/// `get_feature_names_out()` and `toarray()`.
#[test]
fn counts_are_those_of_scikit_learn() {
    let documents = [
        "The old man and the sea",
        "the Sea, the old sea!",
        "A man's 2 cafés: old man",
        "ÅNGSTRÖM and the_sea 42 42",
        "ångström 42; old man",
    ];
    let options = TextOptions {
        tokens: Tokens::Runs,
        keep_numbers: true,
        stop_words: StopWords::Words(vec!["the".to_owned()]),
        min_df: Some(Limit::Count(2)),
        max_df: Some(Limit::Share(1.0)),
        ngrams: Some(2),
        ..TextOptions::default()
    };
    let Learned { vocabulary, counts, .. } = learned(&documents, &options);
    assert_eq!(words(&vocabulary), GOLDEN_WORDS);
    let counts = counts.unwrap();
    for (row, expected) in GOLDEN_COUNTS.iter().enumerate() {
        let (indices, values) = counts.row(row);
        let mut dense = [0.0; GOLDEN_WORDS.len()];
        indices.iter().zip(values).for_each(|(&word, &value)| dense[word as usize] = value);
        assert_eq!(&dense, expected);
    }
}

#[test]
fn words_that_belong_together_become_one_and_stay_so() {
    let random = Random::new(4, "phrases");
    let document = |row: u64| -> String {
        let words = ["river", "stone", "tree", "wind", "cloud", "grass"];
        let word = |step: u64| words[random.below(row, step, 6) as usize];
        let mut text: Vec<String> = (0..30).map(|step| word(step).to_owned()).collect();
        text.insert(7, "New York".to_owned());
        text.insert(20, if row.is_multiple_of(2) { "new".to_owned() } else { "hong kong".to_owned() });
        text.join(" ")
    };
    let documents: Vec<String> = (0..100).map(document).collect();
    let options = TextOptions { phrases: Some(Score::Npmi), max_df: Some(Limit::Share(1.0)), ..TextOptions::default() };
    let Learned { vocabulary, counts, told, facts } = learn(&documents, &options, true, &run()).unwrap();
    assert_eq!(words(&vocabulary), ["cloud", "grass", "hong_kong", "new", "new_york", "river", "stone", "tree", "wind"]);
    assert_eq!((facts.phrases, vocabulary.kept().phrases.len()), (2, 2));
    assert!(told.iter().any(|told| told.contains("hong_kong, new_york")), "{told:?}");
    let new_york = vocabulary.number("new_york").unwrap();
    assert!((0..100).all(|row| counts.as_ref().unwrap().row(row).0.contains(&new_york)));
    let text = "A new wind in New  York, york";
    let pieces: Vec<(&str, Option<&str>)> =
        vocabulary.pieces(text).into_iter().map(|(place, word)| (&text[place], word.map(|word| vocabulary.word(word)))).collect();
    assert_eq!(
        pieces,
        [("A", None), ("new", Some("new")), ("wind", Some("wind")), ("in", None), ("New  York", Some("new_york")), ("york", None)]
    );
}

#[test]
fn the_longest_run_of_words_that_starts_at_a_place_is_taken() {
    let options = TextOptions { ngrams: Some(3), stop_words: StopWords::Words(vec!["of".to_owned()]), ..all_words() };
    let Learned { vocabulary, .. } = learned(&["university of california berkeley", "california"], &options);
    assert!(vocabulary.number("university california berkeley").is_some() && vocabulary.number("of").is_none());
    let text = "The University of California, California";
    let pieces: Vec<(&str, Option<&str>)> =
        vocabulary.pieces(text).into_iter().map(|(place, word)| (&text[place], word.map(|word| vocabulary.word(word)))).collect();
    assert_eq!(pieces, [("The", None), ("University of California", Some("university california")), ("California", Some("california"))]);
}

#[test]
fn places_are_those_of_the_text_whatever_its_lower_case() {
    let text = "İİ ẞtraße don\u{2019}t İx ΑΣ";
    let Learned { vocabulary, .. } = learned(&[text], &all_words());
    let pieces: Vec<&str> = vocabulary.pieces(text).into_iter().map(|(place, _)| &text[place]).collect();
    assert_eq!(pieces, ["İİ", "ẞtraße", "don\u{2019}t", "İx", "ΑΣ"]);
    for seed in 0..40 {
        let text = random_text(seed, 60);
        let vocabulary = learned(&[&text], &all_words()).vocabulary;
        for (place, _) in vocabulary.pieces(&text) {
            assert!(text.is_char_boundary(place.start) && text.is_char_boundary(place.end) && !place.is_empty());
        }
    }
}

#[test]
fn limits_leave_out_what_they_say_and_what_is_left_is_told() {
    let documents: Vec<String> = (0..100).map(|row| format!("the cat and the number{row} of pair{} all the same", row / 2)).collect();
    let Learned { vocabulary, facts, told, .. } = learn(&documents, &TextOptions::default(), true, &run()).unwrap();
    assert_eq!((vocabulary.len(), facts.rare, facts.common), (50, 100, 1), "{told:?}");
    assert_eq!(facts.language.as_ref().map(|(name, _)| name.as_str()), Some("english"));
    assert_eq!(vocabulary.kept().languages, ["english"]);
    let most =
        learn(&documents, &TextOptions { max_words: Some(3), max_df: Some(Limit::Share(1.0)), ..TextOptions::default() }, true, &run())
            .unwrap();
    assert_eq!(words(&most.vocabulary), ["cat", "pair0", "pair1"]);
    let empty = texts(&["", "one two", " - "]);
    let learned = learn(&empty, &all_words(), true, &run()).unwrap();
    assert_eq!((learned.facts.empty, learned.counts.unwrap().starts), (2, vec![0, 0, 2, 2]));
    assert!(learned.told.iter().any(|told| told.starts_with("2 documents contain no counted word")));
}

#[test]
fn what_leaves_no_word_is_named() {
    let documents = |text: &str| vec![text.to_owned(); 3];
    let error = |text: &str, options: &TextOptions| learn(&documents(text), options, true, &run()).err().unwrap();
    let stop = error("the and of", &TextOptions::default());
    assert!(stop.to_string().contains("of 3 distinct words 3 are stop words"), "{stop}");
    assert_eq!(stop.hint(), Some("--stop-words none keeps them"));
    let rare = error("kinase", &TextOptions { min_df: Some(Limit::Count(9)), ..TextOptions::default() });
    assert!(rare.to_string().contains("1 are in fewer than 9 documents") && rare.hint().unwrap().contains("--min-df"), "{rare}");
    let common = error("kinase", &TextOptions { max_df: Some(Limit::Share(0.5)), ..TextOptions::default() });
    assert!(common.to_string().contains("in more than 1 documents"), "{common}");
    assert!(error("42 7", &TextOptions::default()).to_string().contains("no word but 6 numbers"));
    let short = error("a b c", &TextOptions { stop_words: StopWords::None, ..TextOptions::default() });
    assert_eq!(short.hint(), Some("--min-letters 1 keeps words of one letter, --keep-numbers keeps numbers"));
    assert!(error("", &TextOptions::default()).to_string().contains("no word in 3 documents"));
    for options in [
        TextOptions { ngrams: Some(4), ..TextOptions::default() },
        TextOptions { max_words: Some(0), ..TextOptions::default() },
        TextOptions { min_df: Some(Limit::Share(1.5)), ..TextOptions::default() },
        TextOptions { stop_words: StopWords::Languages(vec!["klingon".to_owned()]), ..TextOptions::default() },
    ] {
        assert!(matches!(error("a word", &options), Error::Param(_)));
    }
    assert!(learn(&Vec::new(), &TextOptions::default(), true, &run()).is_err());
}

fn of(documents: &[&str], stop_words: &[&str]) -> Learned {
    let names = stop_words.iter().map(|name| (*name).to_owned()).collect();
    let stop_words = if stop_words.is_empty() { StopWords::None } else { StopWords::Languages(names) };
    learned(documents, &TextOptions { stop_words, ..all_words() })
}

#[test]
fn words_that_are_separated_already_are_counted_as_they_are() {
    let spaces = TextOptions { tokens: Tokens::Spaces, ..all_words() };
    assert_eq!(words_of("C++ new_york 经济 发展 don't 7 x C++", &spaces), ["7", "c++", "don't", "new_york", "x", "发展", "经济"]);
    let list = of_words(["C++", "new york", "2020", " ", "经济发展"]);
    let Learned { vocabulary, told, facts, .. } = learned(&[&list, "new york is new"], &all_words());
    assert_eq!(words(&vocabulary), ["2020", "c++", "is", "new", "new york", "york", "经济发展"]);
    assert_eq!((facts.separated, &list[vocabulary.pieces(&list)[1].0.clone()]), (1, "new york"));
    assert!(told.iter().any(|told| told == "1 of 2 documents are lists of words, which are not split further"), "{told:?}");
    assert!(learned(&[&list], &spaces).told[0].starts_with("lists of words become counts of these words, in lower case"));
}

#[test]
fn contractions_are_stop_words_and_elided_words_are_split_off() {
    let english = "That's there\u{2019}s can't let's we\u{2019}d who's shouldn\u{2019}t've galaxy government's";
    assert_eq!(words(&of(&[english], &["english"]).vocabulary), ["galaxy", "government's"]);
    let french = "C'est l'étoile qu'il d\u{2019}une jusqu'à L\u{2019}EAU aujourd'hui presqu'île lorsqu'on d'l'or";
    let found = of(&[french], &["french"]);
    assert_eq!(words(&found.vocabulary), ["eau", "or", "presqu'île", "étoile"]);
    let text = "qu'l'étoile d\u{2019}or";
    let pieces = found.vocabulary.pieces(text);
    let counted: Vec<&str> = pieces.into_iter().filter(|(_, number)| number.is_some()).map(|(place, _)| &text[place]).collect();
    assert_eq!(counted, ["étoile", "or"], "an elided word stands beside the word");
    assert_eq!(
        words(&of(&["dell'arte l\u{2019}uomo un'altra c'è quell'anno po'"], &["italian"]).vocabulary),
        ["altra", "anno", "arte", "uomo"]
    );
    assert_eq!(words(&of(&["l'home d\u{2019}aigua n'hi s'ha"], &["catalan"]).vocabulary), ["aigua", "home"]);
    assert_eq!(words(&of(&["l'eau d'or"], &["english"]).vocabulary), ["d'or", "l'eau"], "no other language elides");
    assert_eq!(words(&of(&["și șarpele în apă"], &["romanian"]).vocabulary), ["apă", "șarpele"]);
}

#[test]
fn a_language_that_is_found_out_elides_too_and_what_is_learned_does_not_depend_on_batches() {
    let text = "Il n'est pas dans la maison de l'ami, qui est avec les enfants et que l'on voit par la fenêtre.";
    let documents: Vec<String> = (0..9).map(|row| format!("{text} L'étoile{row}")).collect();
    for (ngrams, phrases) in [(1, None), (2, None), (1, Some(Score::Npmi))] {
        let options = TextOptions { ngrams: Some(ngrams), phrases, max_df: Some(Limit::Share(1.0)), ..TextOptions::default() };
        let whole = learn(&documents, &options, true, &run()).unwrap();
        assert_eq!(whole.vocabulary.kept().languages, ["french"]);
        let all = words(&whole.vocabulary);
        assert!(all.contains(&"ami") && all.contains(&"étoile3") && !all.iter().any(|word| word.contains('\'')), "{all:?}");
        let parts = learn(&Batches(documents.clone(), 2), &options, true, &run()).unwrap();
        assert_eq!((words(&parts.vocabulary), &parts.counts), (all, &whole.counts));
        let kept = serde_json::to_string(whole.vocabulary.kept()).unwrap();
        let again = Vocabulary::new(
            serde_json::from_str(&kept).unwrap(),
            &words(&whole.vocabulary).into_iter().map(str::to_owned).collect::<Vec<_>>(),
        );
        assert_eq!(again.unwrap().count(&documents, &run()).unwrap(), whole.counts.unwrap());
    }
}

#[test]
fn a_word_is_one_however_it_is_stored() {
    let stop_words = StopWords::Words(vec!["\u{feff}naïve".to_owned(), "don\u{2019}t".to_owned()]);
    let options = TextOptions { stop_words, extra_stop_words: vec!["E\u{301}TE\u{301}".to_owned()], ..all_words() };
    let text =
        "café cafe\u{301} CAFÉ\u{feff} ca\u{ad}fé nai\u{308}ve naïve don't été Å \u{212b}ngström п\u{2bc}ять п'ять می\u{200c}روم\u{200c}";
    let Learned { vocabulary, counts, .. } = learned(&[text], &options);
    assert_eq!(words(&vocabulary), ["café", "ångström", "п'ять", "می\u{200c}روم"]);
    assert_eq!(counts.unwrap().values, [4.0, 1.0, 2.0, 1.0]);
    assert_eq!(vocabulary.number("CAFE\u{301}"), Some(0), "a word is found in whatever form it is written");
    let pieces: Vec<&str> = vocabulary.pieces(text).into_iter().take(4).map(|(place, _)| &text[place]).collect();
    assert_eq!(pieces, ["café", "cafe\u{301}", "CAFÉ\u{feff}", "ca\u{ad}fé"]);
    // A space of before texts were brought to one form counts as it did.
    let old = Kept { normal: false, dictionary: false, ..Kept::of(&all_words()) };
    let old = Vocabulary::new(old, &texts(&["café", "cafe\u{301}"]).into_iter().rev().collect::<Vec<_>>()).unwrap();
    assert_eq!(old.count(&texts(&["café cafe\u{301}"]), &run()).unwrap().values, [1.0, 1.0]);
}

/// The cuts are those of ICU4X 2.4.0, whose dictionary is part of what a space means: where they change, spaces need to say by which they were cut.
#[test]
fn words_of_scripts_without_spaces_are_cut_by_a_dictionary() {
    for (text, wanted) in [
        ("经济发展市场投资", vec!["经济", "发展", "市场", "投资"]),
        ("東京は日本の首都である。", vec!["東京", "は", "日本", "の", "首都", "で", "ある"]),
        ("新しいコンピュータを買いました", vec!["新しい", "コンピュータ", "を", "買い", "まし", "た"]),
        ("ภาษาไทยเป็นภาษา", vec!["ภาษา", "ไทย", "เป็น"]),
        ("GPU和iPhone手机", vec!["gpu", "和", "iphone", "手机"]),
    ] {
        let mut wanted = wanted;
        wanted.sort_unstable();
        assert_eq!(words_of(text, &all_words()), wanted);
        let Learned { vocabulary, .. } = learned(&[text], &all_words());
        assert!(vocabulary.pieces(text).iter().all(|(place, number)| number.is_some() && text.get(place.clone()).is_some()), "{text}");
    }
}

#[test]
fn words_of_ones_own_are_left_out_beside_those_of_a_language() {
    let own = TextOptions { extra_stop_words: vec!["kinase".to_owned()], ..all_words() };
    let with = |stop_words: StopWords| learned(&["the kinase binds the protein of the cell"], &TextOptions { stop_words, ..own.clone() });
    assert_eq!(words(&with(StopWords::Languages(vec!["english".to_owned()])).vocabulary), ["binds", "cell", "protein"]);
    assert_eq!(words(&with(StopWords::Auto).vocabulary), ["binds", "cell", "protein"]);
    let alone = with(StopWords::Words(vec!["binds".to_owned()]));
    assert_eq!(words(&alone.vocabulary), ["cell", "of", "protein", "the"]);
    assert!(alone.told.iter().any(|told| told == "2 given stop words are removed, and none of a language"), "{:?}", alone.told);
}

const GOLDEN_WORDS: [&str; 7] = ["42", "and", "man", "old", "old man", "sea", "ångström"];
const GOLDEN_COUNTS: [[f32; 7]; 5] = [
    [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 0.0],
    [0.0, 0.0, 2.0, 1.0, 1.0, 0.0, 0.0],
    [2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0],
    [1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0],
];
