use super::*;
use crate::linalg::{Matrix, SparseMatrix};
use crate::random::Random;

const N: usize = 400;

/// Columns as they come: normal, skewed, of few values, nearly constant, with missing cells; rare and frequent words; pixels; categories.
struct Data {
    table: Matrix,
    words: SparseMatrix,
    pixels: Vec<u8>,
    dates: Vec<f64>,
    kinds: Vec<u32>,
    names: Vec<u32>,
}

impl Data {
    fn new(seed: u64) -> Self {
        let random = Random::new(seed, "data");
        let uniform = |row: usize, at: usize| random.uniform(row as u64, at as u64);
        let cell = |row: usize, column: usize| {
            let (normal, uniform) = (random.normal(row as u64, 100 + column as u64), uniform(row, 200 + column));
            match column % 6 {
                0 => normal as f32,
                1 => (3.0 * normal).exp() as f32,
                2 => (uniform * 4.0).floor() as f32,
                3 => f32::from(u8::from(uniform > 0.98)) * normal as f32,
                4 if uniform < 0.2 => f32::NAN,
                _ => (normal * normal) as f32,
            }
        };
        let mut words = SparseMatrix::none(300);
        for row in 0..N {
            for word in 0..300 {
                if uniform(row, 1000 + word) < 1.0 / (1.0 + word as f64) {
                    words.indices.push(word as u32);
                    words.values.push(1.0 + (3.0 * uniform(row, 2000 + word)).floor() as f32);
                }
            }
            words.starts.push(words.indices.len());
        }
        // Neighboring pixels are alike.
        let pixel = |row: usize, at: usize| {
            (128.0 + 40.0 * random.normal(row as u64, 5000) + 30.0 * random.normal(row as u64, 5001 + at as u64)) as u8
        };
        Data {
            table: Matrix::from_fn(N, 24, cell),
            words,
            pixels: (0..N * 20).map(|at| pixel(at / 20, at % 20)).collect(),
            dates: (0..N).map(|row| (uniform(row, 1) * 1e4).floor()).collect(),
            kinds: (0..N).map(|row| if uniform(row, 2) < 0.1 { MISSING } else { (uniform(row, 3) * 5.0) as u32 }).collect(),
            names: (0..N).map(|row| (uniform(row, 4).powi(3) * 200.0) as u32).collect(),
        }
    }

    fn blocks(&self) -> [Cells<'_>; 6] {
        [
            Cells::Dense(self.table.view()),
            Cells::Sparse(self.words.view()),
            Cells::Bytes(&self.pixels, 20),
            Cells::Numbers(&self.dates),
            Cells::Codes(&self.kinds, 5),
            Cells::Codes(&self.names, 200),
        ]
    }
}

#[test]
fn a_random_selection_has_findings_in_at_most_five_percent_of_runs() {
    let run = Run::new(0, 2).unwrap();
    let random = Random::new(3, "selections");
    let sizes = [1, 2, 3, 5, 8, 20, 60, 150, 350];
    let mut wrong = [0; 3];
    for turn in 0..300 {
        let data = Data::new(turn % 20);
        let selected = random.sample(turn, N, sizes[turn as usize % sizes.len()]);
        // All columns together; single columns, where the correction does not help; and against another random set.
        let found = |blocks: &[Cells<'_>], against: Option<&[u32]>| {
            // Of two random sets, one may lie within the other.
            u32::from(contrast(&selected, against, blocks, N, &run).is_ok_and(|found| !found.differences.is_empty()))
        };
        let blocks = data.blocks();
        wrong[0] += found(&blocks, None);
        wrong[1] += found(&blocks[3 + turn as usize % 2..][..1], None);
        wrong[2] += found(&blocks, Some(&random.sample(1000 + turn, N, 100)));
    }
    // Of 300 runs 15 are 5 %; 22 or fewer are found in 97 % of cases.
    assert!(wrong.iter().all(|&wrong| wrong <= 22), "{wrong:?} of 300 runs");
}

#[test]
fn planted_differences_are_found_with_their_direction_and_size() {
    let run = Run::new(0, 2).unwrap();
    let mut data = Data::new(50);
    let selected: Vec<u32> = (0..40).map(|at| at * 10 + 3).collect();
    let mut table = data.table.as_slice().to_vec();
    let inside = |row: usize| row % 10 == 3;
    for row in (0..N).filter(|&row| inside(row)) {
        table[row * 24] -= 2.0;
        data.kinds[row] = if row % 40 == 3 { 1 } else { 4 };
        data.pixels[row * 20 + 7] = 255;
    }
    data.table = Matrix::new(N, 24, table).unwrap();
    let found = contrast(&selected, None, &data.blocks(), N, &run).unwrap();
    assert_eq!((found.inside, found.outside, found.shared), (40, 360, 0));
    let of = |column: usize, of: Of| found.differences.iter().find(|found| found.column == column && found.of == of);
    let number = of(0, Of::Numbers).unwrap();
    // Of two normal distributions 2 apart, one is less in 92 % of pairs.
    assert!((number.effect + 0.84).abs() < 0.08 && number.p < 1e-6, "{number:?}");
    assert!((number.inside.mean.unwrap() + 2.0).abs() < 0.5 && number.outside.quartiles.unwrap()[1].abs() < 0.2);
    let kind = of(24 + 300 + 20 + 1, Of::Category(4)).unwrap();
    assert!(kind.inside.share == Some(0.75) && kind.effect > 0.4 && kind.p < 1e-6, "{kind:?}");
    assert!(of(24 + 300 + 7, Of::Numbers).is_some_and(|found| found.effect > 0.9 && found.inside.mean == Some(255.0)));
    assert!(found.differences.windows(2).all(|pair| pair[0].effect.abs() >= pair[1].effect.abs()));
    // Another number of threads gives the same.
    assert_eq!(found, contrast(&selected, None, &data.blocks(), N, &Run::new(1, 1).unwrap()).unwrap());
}

#[test]
fn words_are_compared_by_the_documents_that_have_them() {
    let run = Run::new(0, 2).unwrap();
    let dense = Matrix::from_fn(N, 3, |row, word| match word {
        0 => f32::from(u8::from(row < 30)),
        1 => f32::from(u8::from(row % 2 == 0)),
        _ => {
            if row % 3 == 0 {
                -1.0
            } else {
                0.0
            }
        }
    });
    let selected: Vec<u32> = (0..40).collect();
    let sparse = SparseMatrix::of(&dense);
    let found = contrast(&selected, None, &[Cells::Sparse(sparse.view())], N, &run).unwrap();
    let [word] = &found.differences[..] else { panic!("{found:?}") };
    assert_eq!((word.column, word.inside.share, word.outside.share, word.effect), (0, Some(0.75), Some(0.0), 0.75));
    // Sparse or dense, the same comparison.
    let of_dense = contrast(&selected, None, &[Cells::Dense(dense.view())], N, &run).unwrap();
    assert!(of_dense.differences.len() == 1 && of_dense.differences[0].p == word.p && of_dense.differences[0].effect == word.effect);
}

#[test]
fn two_sets_are_compared_without_the_rows_of_both() {
    let run = Run::new(0, 1).unwrap();
    let cells: Vec<f64> = (0..N).map(|row| row as f64).collect();
    let (first, second): (Vec<u32>, Vec<u32>) = ((100..150).collect(), (140..200).collect());
    let found = contrast(&first, Some(&second), &[Cells::Numbers(&cells)], N, &run).unwrap();
    assert_eq!((found.inside, found.outside, found.shared), (40, 50, 10));
    assert_eq!((found.differences[0].effect, found.differences[0].outside.mean), (-1.0, Some(174.5)));
    let refused = |selected: &[u32], against: Option<&[u32]>| {
        contrast(selected, against, &[Cells::Numbers(&cells)], N, &run).unwrap_err().to_string()
    };
    assert!(refused(&[400], None).contains("row 400"));
    assert!(refused(&[], None).contains("at least one selected row"));
    assert!(refused(&[1], Some(&[1])).contains("at least one selected row"));
    let all: Vec<u32> = (0..N as u32).collect();
    assert!(refused(&all, None).contains("at least one other row"));
}
