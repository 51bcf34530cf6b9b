//! Words of a text, and where they stand.
//!
//! Texts are cut at white space; a piece of ASCII alone is cut further by a table of its bytes, any other by Unicode's rules (UAX #29, word
//! boundaries), which for ASCII say the same. A piece is brought to lower case before it is cut.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_properties::{EmojiStatus, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::table::{Key, SHORT};

/// How words are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tokens {
    /// Unicode's words: `don't`, `3.14`, each sign of Chinese, each emoji.
    #[default]
    Words,
    /// Runs of two or more letters, digits and underscores, as scikit-learn's CountVectorizer takes them.
    Runs,
}

/// What words of a text are given to, in order.
pub(super) trait Take {
    /// A word: its key and, where it is not short, its bytes; and where in the text it stands.
    fn word(&mut self, key: Key, long: &[u8], place: Range<usize>);
    /// A word that the rules leave out: a number, or one too short.
    fn left_out(&mut self, place: Range<usize>);
}

/// Tells words apart.
#[derive(Debug, Clone)]
pub(super) struct Tokenizer {
    tokens: Tokens,
    keep_case: bool,
    keep_numbers: bool,
    min_letters: usize,
    classes: [u8; 256],
}

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const UNDERSCORE: u8 = 4;
/// What words are made of.
const WORD: u8 = LETTER | DIGIT | UNDERSCORE;
/// Joins two letters: `don't`, `U.S`, `a:b`.
const JOINS_LETTERS: u8 = 8;
/// Joins two digits: `3.14`, `1,000`.
const JOINS_DIGITS: u8 = 16;

impl Tokenizer {
    pub(super) fn new(tokens: Tokens, keep_case: bool, keep_numbers: bool, min_letters: usize) -> Self {
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
        Tokenizer { tokens, keep_case, keep_numbers, min_letters, classes }
    }

    /// Gives the words of a text to `take`.
    pub(super) fn each(&self, text: &str, take: &mut impl Take) {
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

    /// Pieces of ASCII alone.
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

    /// A piece that is not of ASCII alone, which stands at `start`.
    fn other(&self, piece: &str, start: usize, take: &mut impl Take) {
        let folded = self.folded(piece);
        let places = Places::new(piece, self.keep_case, self.tokens == Tokens::Words);
        let mut give = |range: Range<usize>, letters: usize, numeric: bool| {
            let place = start + places.of(range.start)..start + places.of(range.end);
            let word = &folded.as_bytes()[range];
            if letters < self.min_letters || (numeric && !self.keep_numbers) {
                take.left_out(place);
            } else {
                take.word(Key::of(word), word, place);
            }
        };
        match self.tokens {
            Tokens::Words => {
                for (at, word) in folded.split_word_bound_indices() {
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

    /// A piece in lower case, unless case is kept; of apostrophes there is one.
    fn folded<'p>(&self, piece: &'p str) -> Cow<'p, str> {
        let lower = if self.keep_case { Cow::Borrowed(piece) } else { Cow::Owned(piece.to_lowercase()) };
        if self.tokens == Tokens::Words && lower.contains(CURLY) { Cow::Owned(lower.replace(CURLY, "'")) } else { lower }
    }
}

/// The apostrophe of typesetters.
const CURLY: char = '\u{2019}';

/// Where bytes of a folded piece stand in the piece.
enum Places {
    /// Where they stand in the folded one.
    Same,
    /// By the folded byte with which each sign starts, ascending: (in the folded, in the piece).
    Moved(Vec<(usize, usize)>),
}

impl Places {
    fn new(piece: &str, keep_case: bool, one_apostrophe: bool) -> Self {
        let folded_len = |c: char| match c {
            CURLY if one_apostrophe => 1,
            c if keep_case => c.len_utf8(),
            c => c.to_lowercase().map(char::len_utf8).sum(),
        };
        if piece.chars().all(|c| folded_len(c) == c.len_utf8()) {
            return Places::Same;
        }
        let mut at = (0, 0);
        let mut starts: Vec<(usize, usize)> = Vec::new();
        for c in piece.chars() {
            starts.push(at);
            at = (at.0 + folded_len(c), at.1 + c.len_utf8());
        }
        starts.push(at);
        Places::Moved(starts)
    }

    /// Where the sign that holds a byte starts; a word that starts or ends within one sign's lower case has the sign.
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

/// Bytes of ASCII at the start.
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

/// What Python's `\w` matches.
fn is_run(c: char) -> bool {
    match c {
        '_' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number),
    }
}

/// Whether a word without a letter is a picture: by itself, or as the sign for it says.
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

/// Whether a word of this script may be one sign: Thai, Lao, Burmese, Khmer, Chinese, Japanese, Yi, Korean.
fn is_word_of_one_sign(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
