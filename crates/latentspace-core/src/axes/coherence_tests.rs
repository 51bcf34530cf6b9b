use super::*;
use crate::linalg::{Matrix, SparseMatrix};

/// 120 texts of 40 words in three groups, by a formula that Python knows, too.
fn texts() -> Vec<Vec<u32>> {
    let mut state = 12345_u64;
    let mut next = || {
        state = (state * 1_103_515_245 + 12345) % (1 << 31);
        let chance = (state >> 8) % 1000;
        (chance, (state >> 12) % 40)
    };
    let text = |text: u64| {
        (0..5 + text * 37 % 160)
            .map(|_| {
                let (chance, other) = next();
                (if chance < 600 { text % 3 * 10 + chance % 10 } else { other }) as u32
            })
            .collect()
    };
    (0..120).map(text).collect()
}

fn tops() -> [Vec<u32>; 3] {
    [vec![3, 1, 4, 0, 5, 9, 2, 6, 8, 7], vec![12, 10, 35, 14, 19, 11, 22, 30, 13, 18], vec![39, 20, 21, 22, 1]]
}

/// gensim 4.4.0: `CoherenceModel(axes=tops, texts=texts, corpus=corpus, dictionary=dictionary, coherence=kind).get_coherence_per_axis()`.
#[test]
fn coherences_are_those_of_gensim() {
    let (texts, run) = (texts(), Run::new(0, 2).unwrap());
    assert_eq!(texts[0], [9, 10, 33, 17, 0]);
    let golden = [
        (Coherence::UMass, [-0.242_016_384, -0.332_637_421, -0.349_242_394]),
        (Coherence::CNpmi, [0.136_170_287, 0.037_950_587, -0.006_056_34]),
        (Coherence::CV, [0.447_928_844, 0.432_298_37, 0.500_957_647]),
    ];
    for (kind, wanted) in golden {
        let found = coherence(&tops(), Texts::Words(&texts), kind, kind.usual(), &run).unwrap();
        for (found, wanted) in found.axes.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-6, "{kind:?}: {found} of {wanted}");
        }
    }
}

#[test]
fn counts_are_texts_of_one_window_and_more_of_the_same_texts_change_nothing() {
    let (texts, run) = (texts(), Run::new(0, 2).unwrap());
    let counts =
        SparseMatrix::of(&Matrix::from_fn(120, 40, |row, word| texts[row].iter().filter(|&&other| other == word as u32).count() as f32));
    let twice: Vec<Vec<u32>> = texts.iter().chain(&texts).cloned().collect();
    for kind in [Coherence::UMass, Coherence::CNpmi, Coherence::CV] {
        let by_counts = coherence(&tops(), Texts::Counts(counts.view()), kind, kind.usual(), &run).unwrap();
        let by_texts = coherence(&tops(), Texts::Words(&texts), kind, Windows::Documents, &run).unwrap();
        assert_eq!(by_counts, by_texts);
        let once = coherence(&tops(), Texts::Words(&texts), kind, kind.usual(), &run).unwrap();
        let again = coherence(&tops(), Texts::Words(&twice), kind, kind.usual(), &Run::new(0, 1).unwrap()).unwrap();
        assert!((once.mean - again.mean).abs() < 1e-9, "{kind:?} drifts with the size of the corpus");
    }
}
