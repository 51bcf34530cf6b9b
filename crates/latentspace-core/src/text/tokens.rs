//! Tokenization: the words of a text, and their positions.
//!
//! Texts are split at white space. A piece of ASCII is split by a byte table, any other by Unicode word boundaries (UAX #29), which
//! are the same for ASCII, and for scripts without spaces by a dictionary (ICU's). A piece is normalized and converted to lower case before it is split.
//!
//! Normalization: composed characters (NFC, so that `café` is one word however its accent is stored), a single apostrophe, and no invisible
//! characters (soft hyphens, byte order marks, direction marks). Other widths and styles are kept (no NFKC): `Ａ` is not `A`.

use std::borrow::Cow;
use std::ops::Range;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_properties::{EmojiStatus, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::table::{Key, SHORT};
use super::{BEFORE_WORD, Kept};

/// The tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tokens {
    /// Unicode words: `don't`, `3.14`, each emoji; in scripts without spaces (Chinese, Japanese, Thai …) by a dictionary.
    #[default]
    Words,
    /// Runs of two or more letters, digits and underscores, as in scikit-learn's CountVectorizer.
    Runs,
    /// Any characters between white space: `c++`, `new_york`, tokenized text.
    Spaces,
}

/// Receives the words of a text in order.
pub(super) trait Take {
    /// A word: its key and, if it is not short, its bytes; and its position in the text.
    fn word(&mut self, key: Key, long: &[u8], place: Range<usize>);
    /// A removed word: a number, or one that is too short.
    fn left_out(&mut self, place: Range<usize>);
}

/// A tokenizer with its rules.
#[derive(Debug, Clone)]
pub(super) struct Tokenizer {
    tokens: Tokens,
    keep_case: bool,
    keep_numbers: bool,
    min_letters: usize,
    /// Whether texts are normalized; false in spaces from before normalization existed.
    normal: bool,
    /// Elided words that are split off before an apostrophe: the `l` of `l'eau`.
    elided: Vec<String>,
    /// Segmenter for scripts without spaces.
    dictionary: Option<WordSegmenterBorrowed<'static>>,
    classes: [u8; 256],
}

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const UNDERSCORE: u8 = 4;
/// Characters of words.
const WORD: u8 = LETTER | DIGIT | UNDERSCORE;
/// Joins two letters: `don't`, `U.S`, `a:b`.
const JOINS_LETTERS: u8 = 8;
/// Joins two digits: `3.14`, `1,000`.
const JOINS_DIGITS: u8 = 16;

impl Tokenizer {
    pub(super) fn new(kept: &Kept) -> Self {
        let &Kept { tokens, keep_case, keep_numbers, min_letters, normal, .. } = kept;
        let mut classes = [0; 256];
        for (byte, class) in classes.iter_mut().enumerate() {
            *class = match byte as u8 {
                byte if byte.is_ascii_alphabetic() => LETTER,
                byte if byte.is_ascii_digit() => DIGIT,
                b'_' => UNDERSCORE,
                _ if tokens == Tokens::Runs => 0,
                b':' => JOINS_LETTERS,
                b',' | b';' => JOINS_DIGITS,
                b'.' | b'\'' => JOINS_LETTERS | JOINS_DIGITS,
                _ => 0,
            };
        }
        let min_letters = if tokens == Tokens::Runs { min_letters.max(2) } else { min_letters };
        let elided = if tokens == Tokens::Words { kept.elided.clone() } else { Vec::new() };
        let dictionary = kept.dictionary.then(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));
        Tokenizer { tokens, keep_case, keep_numbers, min_letters, normal, elided, dictionary, classes }
    }

    /// Passes the words of a text to `take`.
    pub(super) fn each(&self, text: &str, take: &mut impl Take) {
        if text.starts_with(BEFORE_WORD) {
            return self.separated(text.split(BEFORE_WORD).map(str::trim), text, take);
        }
        if self.tokens == Tokens::Spaces {
            return self.separated(text.split_whitespace(), text, take);
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let high = at + plain_bytes(&bytes[at..]);
            let cut = match bytes.get(high) {
                None => high,
                Some(_) => bytes[at..high].iter().rposition(u8::is_ascii_whitespace).map_or(at, |space| at + space + 1),
            };
            self.plain(bytes, at..cut, take);
            if high == bytes.len() {
                break;
            }
            let end = bytes[high..].iter().position(u8::is_ascii_whitespace).map_or(bytes.len(), |space| high + space);
            self.other(&text[cut..end], cut, take);
            at = end;
        }
    }

    /// Passes words of a list, which are parts of `text`.
    fn separated<'t>(&self, words: impl Iterator<Item = &'t str>, text: &str, take: &mut impl Take) {
        for word in words.filter(|word| !word.is_empty()) {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            let folded = self.folded(word);
            if !folded.is_empty() {
                take.word(Key::of(folded.as_bytes()), folded.as_bytes(), start..start + word.len());
            }
        }
    }

    /// Length in bytes of the elided word at the start of a word, with its apostrophe.
    fn elision(&self, word: &[u8]) -> Option<usize> {
        let at = word.iter().position(|&byte| byte == b'\'').filter(|at| at + 1 < word.len())?;
        let is = |elided: &String| match std::str::from_utf8(&word[..at]) {
            Ok(first) if first.is_ascii() => elided.eq_ignore_ascii_case(first),
            Ok(first) => *elided == first.to_lowercase(),
            Err(_) => false,
        };
        self.elided.iter().any(is).then_some(at + 1)
    }

    /// Splits a piece of ASCII.
    fn plain(&self, bytes: &[u8], range: Range<usize>, take: &mut impl Take) {
        let class = |at: usize| self.classes[usize::from(bytes[at])];
        let mut at = range.start;
        loop {
            while at < range.end && class(at) & WORD == 0 {
                at += 1;
            }
            if at == range.end {
                return;
            }
            let start = at;
            let mut seen = 0;
            loop {
                while at < range.end && class(at) & WORD != 0 {
                    seen |= class(at);
                    at += 1;
                }
                if at + 1 >= range.end || class(at) & (JOINS_LETTERS | JOINS_DIGITS) == 0 {
                    break;
                }
                let (before, joint, after) = (class(at - 1), class(at), class(at + 1));
                let joins = (joint & JOINS_LETTERS != 0 && before & after & LETTER != 0)
                    || (joint & JOINS_DIGITS != 0 && before & after & DIGIT != 0);
                if !joins {
                    break;
                }
                seen |= joint;
                at += 1;
            }
            let mut start = start;
            if seen & JOINS_LETTERS != 0 && !self.elided.is_empty() {
                while let Some(cut) = self.elision(&bytes[start..at]) {
                    take.left_out(start..start + cut);
                    start += cut;
                }
            }
            let letters = if self.tokens == Tokens::Runs || seen & !(LETTER | DIGIT) == 0 {
                at - start
            } else {
                bytes[start..at].iter().filter(|byte| byte.is_ascii_alphanumeric()).count()
            };
            if letters == 0 {
                continue;
            }
            if letters < self.min_letters || (!self.keep_numbers && seen & LETTER == 0 && seen & DIGIT != 0) {
                take.left_out(start..at);
                continue;
            }
            let word = &bytes[start..at];
            if word.len() <= SHORT {
                let mut key = key(bytes, start, at - start);
                if !self.keep_case {
                    (key.low, key.high) = (lower(key.low), lower(key.high));
                }
                take.word(key, &[], start..at);
            } else if self.keep_case {
                take.word(Key::of(word), word, start..at);
            } else {
                let word = word.to_ascii_lowercase();
                take.word(Key::of(&word), &word, start..at);
            }
        }
    }

    /// Splits a piece that is not ASCII, which begins at `start`.
    fn other(&self, piece: &str, start: usize, take: &mut impl Take) {
        let folded = self.folded(piece);
        let places = if self.normal { Places::normal(piece, &folded, self.keep_case) } else { self.places_of_old(piece) };
        let mut give = |range: Range<usize>, letters: usize, numeric: bool| {
            let place = start + places.of(range.start)..start + places.of(range.end);
            let word = &folded.as_bytes()[range];
            if letters < self.min_letters.max(1) || (numeric && !self.keep_numbers) {
                take.left_out(place);
            } else {
                take.word(Key::of(word), word, place);
            }
        };
        match self.tokens {
            Tokens::Words | Tokens::Spaces => {
                for (mut at, mut word) in self.words(&folded) {
                    while let Some(cut) = if self.elided.is_empty() { None } else { self.elision(word.as_bytes()) } {
                        give(at..at + cut, 0, false);
                        (at, word) = (at + cut, &word[cut..]);
                    }
                    if self.normal {
                        // Remove joiners at the end of a word.
                        word = word.trim_end_matches(['\u{200c}', '\u{200d}']);
                    }
                    let mut letters = word.chars().filter(|c| c.is_alphanumeric());
                    let Some(first) = letters.next() else {
                        if is_emoji(word) {
                            give(at..at + word.len(), usize::MAX, false);
                        }
                        continue;
                    };
                    let (count, numeric) =
                        letters.fold((1, first.is_numeric()), |(count, numeric), c| (count + 1, numeric && c.is_numeric()));
                    let count = if is_word_of_one_sign(first) { usize::MAX } else { count };
                    give(at..at + word.len(), count, numeric);
                }
            }
            Tokens::Runs => {
                let mut run: Option<usize> = None;
                for (at, c) in folded.char_indices().chain([(folded.len(), ' ')]) {
                    match (run, is_run(c)) {
                        (None, true) => run = Some(at),
                        (Some(first), false) => {
                            let word = &folded[first..at];
                            let numeric = word.chars().all(|c| c == '_' || c.is_numeric()) && word.chars().any(char::is_numeric);
                            give(first..at, word.chars().count(), numeric);
                            run = None;
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// The segments of a piece, words and others, each with its start.
    fn words<'p>(&'p self, piece: &'p str) -> impl Iterator<Item = (usize, &'p str)> {
        let has = |word: &str| word.chars().next().is_some_and(is_without_spaces);
        let mut parts = piece.split_word_bound_indices().peekable();
        let mut cut: Vec<(usize, &str)> = Vec::new();
        std::iter::from_fn(move || {
            if let Some(word) = cut.pop() {
                return Some(word);
            }
            let (start, word) = parts.next()?;
            let Some(dictionary) = self.dictionary.filter(|_| has(word)) else { return Some((start, word)) };
            let mut end = start + word.len();
            while let Some((_, more)) = parts.next_if(|(_, more)| has(more)) {
                end += more.len();
            }
            let text = &piece[start..end];
            let mut from = 0;
            for to in dictionary.segment_str(text).filter(|to| *to > 0) {
                cut.push((start + from, &text[from..to]));
                from = to;
            }
            cut.reverse();
            cut.pop()
        })
    }

    /// A piece, normalized and in lower case, unless case is kept.
    fn folded<'p>(&self, piece: &'p str) -> Cow<'p, str> {
        if self.normal {
            let normal = normal(piece);
            return if self.keep_case { normal } else { lower_case(normal) };
        }
        let lower = if self.keep_case { Cow::Borrowed(piece) } else { Cow::Owned(piece.to_lowercase()) };
        if self.tokens == Tokens::Words && lower.contains(CURLY) { Cow::Owned(lower.replace(CURLY, "'")) } else { lower }
    }

    /// The positions of a piece that is not normalized.
    fn places_of_old(&self, piece: &str) -> Places {
        let folded_len = |c: char| match c {
            CURLY if self.tokens == Tokens::Words => 1,
            c if self.keep_case => c.len_utf8(),
            c => c.to_lowercase().map(char::len_utf8).sum(),
        };
        Places::new(piece.chars().map(|c| (folded_len(c), c.len_utf8())))
    }
}

/// The typographic apostrophe.
const CURLY: char = '\u{2019}';

/// Variants of the apostrophe within a word.
fn is_apostrophe(c: char) -> bool {
    matches!(c, CURLY | '\u{2018}' | '\u{2bc}' | '\u{ff07}')
}

/// Invisible characters that do not separate words: soft hyphens, direction marks, byte order marks. Joiners are not among these: they are part of the
/// spelling in Persian and in scripts of India.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Normalizes: NFC, a single apostrophe, without invisible characters.
fn normal(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let cleaned = if text.chars().any(|c| is_apostrophe(c) || is_unseen(c)) {
        Cow::Owned(text.chars().filter(|c| !is_unseen(*c)).map(|c| if is_apostrophe(c) { '\'' } else { c }).collect::<String>())
    } else {
        Cow::Borrowed(text)
    };
    if is_nfc_quick(cleaned.chars()) == IsNormalized::Yes { cleaned } else { Cow::Owned(cleaned.nfc().collect()) }
}

fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    let lower = text.to_lowercase();
    // The lower case of a letter may consist of several characters that compose again.
    if is_nfc_quick(lower.chars()) == IsNormalized::Yes { Cow::Owned(lower) } else { Cow::Owned(lower.nfc().collect()) }
}

/// A word in its counted form: normalized, trimmed, in lower case.
pub fn normal_word(word: &str) -> String {
    lower_case(normal(word)).trim().to_owned()
}

/// Maps byte positions of a normalized piece to the original.
enum Places {
    /// The positions are equal.
    Same,
    /// By the start of each character, ascending: (in the normalized piece, in the original).
    Moved(Vec<(usize, usize)>),
}

impl Places {
    /// From the lengths of each character in the normalized piece and in the original.
    fn new(signs: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut at = (0, 0);
        let mut starts: Vec<(usize, usize)> = Vec::new();
        let mut same = true;
        for (folded, own) in signs {
            same &= folded == own;
            starts.push(at);
            at = (at.0 + folded, at.1 + own);
        }
        starts.push(at);
        if same { Places::Same } else { Places::Moved(starts) }
    }

    /// From a piece and its normal form: characters compose only within grapheme clusters.
    fn normal(piece: &str, folded: &str, keep_case: bool) -> Self {
        if piece.len() == folded.len() && piece.char_indices().zip(folded.char_indices()).all(|(a, b)| a.0 == b.0) {
            return Places::Same;
        }
        let length = |sign: &str| {
            let normal = normal(sign);
            if keep_case { normal.len() } else { lower_case(normal).len() }
        };
        Places::new(piece.graphemes(true).map(|sign| (length(sign), sign.len())))
    }

    /// The start of the character that contains a byte; a word that begins or ends within the lower case of a character includes it.
    fn of(&self, byte: usize) -> usize {
        match self {
            Places::Same => byte,
            Places::Moved(starts) => {
                let after = starts.partition_point(|(folded, _)| *folded <= byte);
                starts[after.saturating_sub(1)].1
            }
        }
    }
}

/// Number of ASCII bytes at the start.
fn plain_bytes(bytes: &[u8]) -> usize {
    const STEP: usize = 64;
    let whole = bytes.chunks(STEP).take_while(|chunk| chunk.is_ascii()).count() * STEP;
    let whole = whole.min(bytes.len());
    whole + bytes[whole..].iter().take_while(|byte| byte.is_ascii()).count()
}

/// The key of a short word within a text.
fn key(bytes: &[u8], start: usize, len: usize) -> Key {
    let word = |at: usize| {
        let mut word = [0; 8];
        match bytes.get(at..at + 8) {
            Some(whole) => word.copy_from_slice(whole),
            None => {
                let rest = bytes.get(at..).unwrap_or_default();
                word[..rest.len()].copy_from_slice(rest);
            }
        }
        u64::from_le_bytes(word)
    };
    let first = |bytes: usize| if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 };
    let high = if len > 8 { word(start + 8) & first(len - 8) } else { 0 };
    Key { low: word(start) & first(len), high, len: len as u32 }
}

/// Eight bytes of ASCII in lower case.
fn lower(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let from_a = word + EACH * u64::from(0x80 - b'A');
    let beyond_z = word + EACH * u64::from(0x80 - b'Z' - 1);
    word | ((from_a & !beyond_z & (EACH * 0x80)) >> 2)
}

/// Whether Python's `\w` matches.
fn is_run(c: char) -> bool {
    match c {
        '_' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number),
    }
}

/// Whether a word without a letter is a pictograph: by itself, or by a variation selector.
fn is_emoji(word: &str) -> bool {
    let shown = |c: char| {
        matches!(
            c.emoji_status(),
            EmojiStatus::EmojiPresentation
                | EmojiStatus::EmojiPresentationAndModifierBase
                | EmojiStatus::EmojiPresentationAndEmojiComponent
                | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
        )
    };
    word.contains('\u{fe0f}') || word.chars().any(shown)
}

/// Whether this script is written without spaces: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
pub(super) fn is_without_spaces(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a word of this script may be a single character: Thai, Lao, Burmese, Khmer, Chinese, Japanese, Yi, Korean.
fn is_word_of_one_sign(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
