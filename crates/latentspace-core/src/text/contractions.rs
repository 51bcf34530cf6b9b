//! Additions to the stop word lists: contractions and elisions (words with an apostrophe), and common
//! function words of languages with short lists.

/// Elided words that are split off before an apostrophe, by language code: the article of `l'eau`, of `dell'arte`.
const ELIDED: &[(&str, &str)] = &[
    ("ca", "l d n s m t"),
    ("el", "σ μ τ κ δι γι απ επ κατ μετ παρ υπ αντ αλλ ουτ θ ν"),
    ("fr", "l d c j m n s t qu jusqu lorsqu puisqu quoiqu"),
    ("ga", "d b m"),
    (
        "it",
        "l d c v m t s n un gl all dall dell nell sull coll pell agl dagl degl negl sugl quell quest bell sant tutt quant cent \
         mezz nessun alcun ciascun senz anch",
    ),
    ("pt", "d n"),
    ("sq", "s ç t m"),
];

/// Additional stop words, by language code.
const MORE: &[(&str, &str)] = &[
    ("ca", "d'aquest d'aquesta n'hi s'ho se'n se'l se'ls se'm se't me'l me'n me'ls te'l te'n te'ls li'l nos'n vos'n"),
    (
        "de",
        "geht's gibt's ist's hat's war's wär's wird's wenn's ob's wie's wo's was's er's ich's du's sie's es's wir's ihr's mir's dir's man's \
            auf's an's durch's für's um's in's vor's hinter's über's unter's bei'm auf'm mit'm so'n so'ne so'nen hab's hab' ich'n",
    ),
    (
        "el",
        "και είναι από που για δεν σαν αυτό αυτά αυτή αυτοί αυτός ότι όταν όπως πως πώς ή μας σας τους τις μου σου κατά μετά πριν πολύ πιο ήταν έχει έχουν",
    ),
    (
        "en",
        "aren't can't cannot couldn't daren't didn't doesn't don't hadn't hasn't haven't isn't mayn't mightn't mustn't needn't oughtn't shan't \
         shouldn't wasn't weren't won't wouldn't ain't 'tis 'twas tis twas \
         i'm i'd i'll i've you're you'd you'll you've he's he'd he'll she's she'd she'll it's it'd it'll we're we'd we'll we've they're they'd \
         they'll they've this'll that's that'd that'll that're these're those're there's there'd there'll there're there've here's here're \
         who's who'd who'll who're who've what's what'd what'll what're what've where's where'd where'll where're when's when'd why's why'd \
         how's how'd how'll how're which's let's one's one'd one'll someone's somebody's something's everyone's everybody's everything's \
         anyone's anybody's anything's nobody's nothing's no-one's could've should've would've might've must've \
         couldn't've shouldn't've wouldn't've i'd've you'd've he'd've she'd've we'd've they'd've y'all y'all're y'all've ma'am o'clock",
    ),
    ("fr", "aujourd'hui quelqu'un quelqu'une quelqu'autre d'abord d'accord d'ailleurs c'est qu'est"),
    ("it", "po c'è c'era c'erano dov'è com'è cos'è cos' qual'è quand'è v'è vi'è"),
    ("nl", "'s 't zo'n m'n z'n d'r d'rin da's dat's 'm 'n 'k 'r wat's hoe's wie's heb't is't"),
    ("ro", "într dintr printr întru dintru și își îți îmi însă cînd ești nimic"),
    (
        "uk",
        "на не ні по за із зі як яка яке які якого яку яких якими ця ці цього цієї цих цим цьому ту ті того тієї тих тим тому тій їм їй йому його \
         нього неї них ним ними себе собі свій своя своє свої свого своєї своїх хто що щоб якщо чому куди де тут там ще вже лише лиш тільки саме \
         може можуть можна треба дуже через після перед між над для буде будуть було мав мала мати має мають один одна одне одні інший інша інші",
    ),
    (
        "zh",
        "這 個 們 來 說 為 與 對 從 時 會 後 過 還 沒 麼 什麼 我們 他們 她們 你們 自己 因為 所以 如果 但是 而且 這個 那個 這些 那些 這樣 那樣 怎麼 為什麼 \
         的 了 在 是 不 就 也 都 和 有 一個",
    ),
];

fn of(table: &'static [(&str, &str)], code: &str) -> impl Iterator<Item = &'static str> {
    table.iter().filter(move |(known, _)| *known == code).flat_map(|(_, words)| words.split_whitespace())
}

/// The elided words of a language.
pub(super) fn elided(code: &str) -> impl Iterator<Item = &'static str> {
    of(ELIDED, code)
}

/// The additional stop words of a language.
pub(super) fn more(code: &str) -> impl Iterator<Item = &'static str> {
    of(MORE, code)
}
