//! Scores of rows with a whole table (inner products, or negative differences), compared with bounds while they are in registers.
//!
//! A product of which only a few cells are needed (the nearest rows) is not stored: each tile of 6 rows by 16 columns is compared with
//! the rows' bounds at once, and returned only if a cell reaches its bound. The sums run over the depth in order, each in its
//! own lane, so a score has the same bits at any position of a tile. Limited by multiply-adds;
//! for differences by two additions and a bit operation per cell.

use crate::parallel::*;

use super::MatrixView;

/// Rows of a tile.
pub(crate) const TILE_ROWS: usize = 6;
/// Columns of a tile: rows of the table in a panel.
pub(crate) const TILE_COLS: usize = 16;

/// The operation that the score of two rows sums over their cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// x·y.
    Product,
    /// -|x - y|.
    Difference,
    /// -1 where x and y are not equal.
    Unequal,
    /// x·y for sets, whose cells are 0 and 1; the score is the Jaccard similarity minus 1.
    Overlap,
}

const PRODUCT: u8 = 0;
const DIFFERENCE: u8 = 1;
const UNEQUAL: u8 = 2;
const OVERLAP: u8 = 3;

/// A table packed for tiles: panels of 16 rows, each depth by depth, with a name and a score offset per row.
pub(crate) struct Panels {
    depth: usize,
    agreement: Agreement,
    fused: bool,
    names: Vec<u32>,
    offsets: Vec<f32>,
    data: Vec<f32>,
}

/// The name of padding in a panel.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Scores of up to 6 rows with 16 rows of a table, and a mask of those that reach their bound.
pub(crate) struct Tile {
    /// `[6, 16]`.
    scores: [f32; TILE_ROWS * TILE_COLS],
    /// One bit per column.
    hits: [u16; TILE_ROWS],
}

impl Panels {
    /// Packs the rows `names` of `table`, 16 per panel; [`NOBODY`] is padding. `offset(row)` is added to each score of
    /// a row, except for sets, where it must be the size; padding has a score of minus infinity, below any finite bound. Runs on the
    /// calling thread's pool.
    pub(crate) fn new(table: MatrixView<'_>, mut names: Vec<u32>, agreement: Agreement, offset: impl Fn(usize) -> f32 + Sync) -> Self {
        let depth = table.cols();
        names.resize(names.len().next_multiple_of(TILE_COLS), NOBODY);
        let mut data = vec![0.0; names.len() * depth];
        let mut offsets = vec![if agreement == Agreement::Overlap { f32::NAN } else { f32::NEG_INFINITY }; names.len()];
        if depth > 0 {
            let places = names.par_chunks(TILE_COLS).zip(offsets.par_chunks_mut(TILE_COLS));
            data.par_chunks_mut(TILE_COLS * depth).zip(places).for_each(|(panel, (names, offsets))| {
                for (column, &name) in names.iter().enumerate().filter(|(_, name)| **name != NOBODY) {
                    offsets[column] = offset(name as usize);
                    for (cell, &value) in panel[column..].iter_mut().step_by(TILE_COLS).zip(table.row(name as usize)) {
                        *cell = value;
                    }
                }
            });
        }
        Panels { depth, agreement, fused: has_fused(), names, offsets, data }
    }

    /// Panels of all rows of `table`, in order.
    pub(crate) fn all(table: MatrixView<'_>, agreement: Agreement, offset: impl Fn(usize) -> f32 + Sync) -> Self {
        Panels::new(table, (0..table.rows() as u32).collect(), agreement, offset)
    }

    /// Number of panels.
    pub(crate) fn count(&self) -> usize {
        self.names.len() / TILE_COLS
    }

    /// Bytes of a panel.
    pub(crate) fn panel_bytes(&self) -> usize {
        4 * TILE_COLS * self.depth
    }

    /// The names of a panel's rows.
    pub(crate) fn names(&self, panel: usize) -> &[u32] {
        &self.names[panel * TILE_COLS..][..TILE_COLS]
    }

    /// Computes scores of 6 rows with the rows of panel `panel`. Returns whether one reaches the bound of its row; only then is the tile filled.
    /// For fewer rows, repeat one with a bound of infinity.
    pub(crate) fn score(&self, rows: &[&[f32]; TILE_ROWS], panel: usize, bounds: &[f32; TILE_ROWS], tile: &mut Tile) -> bool {
        assert!(rows.iter().all(|row| row.len() == self.depth));
        let data = &self.data[panel * TILE_COLS * self.depth..][..TILE_COLS * self.depth];
        let offsets = &self.offsets[panel * TILE_COLS..][..TILE_COLS];
        #[cfg(target_arch = "x86_64")]
        if self.fused {
            // SAFETY: the processor has AVX2 and FMA (`fused`); all slices have the required lengths, as checked above.
            return unsafe {
                match self.agreement {
                    Agreement::Product => avx2::score::<PRODUCT>(rows, data, offsets, bounds, tile),
                    Agreement::Difference => avx2::score::<DIFFERENCE>(rows, data, offsets, bounds, tile),
                    Agreement::Unequal => avx2::score::<UNEQUAL>(rows, data, offsets, bounds, tile),
                    Agreement::Overlap => avx2::score::<OVERLAP>(rows, data, offsets, bounds, tile),
                }
            };
        }
        score(rows, data, offsets, self.agreement, bounds, tile)
    }
}

/// Whether the processor has the instructions of the fast kernel.
fn has_fused() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

impl Tile {
    /// A tile to be filled.
    pub(crate) fn new() -> Self {
        Tile { scores: [0.0; TILE_ROWS * TILE_COLS], hits: [0; TILE_ROWS] }
    }

    /// The scores of `row`.
    pub(crate) fn scores(&self, row: usize) -> &[f32] {
        &self.scores[row * TILE_COLS..][..TILE_COLS]
    }

    /// Whether a score of `row` reaches the bound.
    pub(crate) fn is_hit(&self, row: usize) -> bool {
        self.hits[row] != 0
    }

    /// The columns of `row` that reach the bound, ascending, with their scores.
    pub(crate) fn hits(&self, row: usize) -> impl Iterator<Item = (usize, f32)> {
        let mut left = self.hits[row];
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let column = left.trailing_zeros() as usize;
            left &= left - 1;
            Some((column, self.scores[row * TILE_COLS + column]))
        })
    }
}

/// Jaccard similarity of two sets minus 1; NaN for two empty ones.
fn share(both: f32, either: f32) -> f32 {
    // Not `max`, which would drop NaN.
    both / if either < 1.0 { 1.0 } else { either } - 1.0
}

/// The portable kernel.
fn score(
    rows: &[&[f32]; TILE_ROWS],
    data: &[f32],
    offsets: &[f32],
    agreement: Agreement,
    reach: &[f32; TILE_ROWS],
    tile: &mut Tile,
) -> bool {
    let mut any = false;
    for (r, row) in rows.iter().enumerate() {
        let scores = &mut tile.scores[r * TILE_COLS..][..TILE_COLS];
        if agreement == Agreement::Overlap {
            scores.fill(0.0)
        } else {
            scores.copy_from_slice(offsets)
        }
        for (&x, column) in row.iter().zip(data.chunks_exact(TILE_COLS)) {
            for (score, &y) in scores.iter_mut().zip(column) {
                *score += match agreement {
                    Agreement::Product | Agreement::Overlap => x * y,
                    Agreement::Difference => -(x - y).abs(),
                    Agreement::Unequal => -f32::from(x != y),
                };
            }
        }
        if agreement == Agreement::Overlap {
            let size: f32 = row.iter().sum();
            scores.iter_mut().zip(offsets).for_each(|(both, other)| *both = share(*both, size + other - *both));
        }
        tile.hits[r] = scores.iter().enumerate().fold(0, |hits, (c, &score)| hits | (u16::from(score >= reach[r]) << c));
        any |= tile.hits[r] != 0;
    }
    any
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        _CMP_GE_OQ, _CMP_NEQ_OQ, _mm256_add_ps, _mm256_and_ps, _mm256_broadcast_ss, _mm256_cmp_ps, _mm256_div_ps, _mm256_fmadd_ps,
        _mm256_loadu_ps, _mm256_max_ps, _mm256_movemask_ps, _mm256_or_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm256_sub_ps,
    };

    use super::{DIFFERENCE, OVERLAP, PRODUCT, TILE_COLS, TILE_ROWS, Tile};

    /// # Safety
    /// The processor has AVX2 and FMA; each row has `depth` numbers, `data` 16 times as many, `offsets` 16.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn score<const AGREEMENT: u8>(
        rows: &[&[f32]; TILE_ROWS],
        data: &[f32],
        offsets: &[f32],
        reach: &[f32; TILE_ROWS],
        tile: &mut Tile,
    ) -> bool {
        let depth = data.len() / TILE_COLS;
        // SAFETY: every read is within what the caller promised: numbers 0..depth of each row, 16 * depth of `data`, 16 of `offsets`; every
        // write is within the tile's 6 x 16 scores.
        unsafe {
            let [a, b, c, d, e, f] = rows.map(<[f32]>::as_ptr);
            let start = [_mm256_loadu_ps(offsets.as_ptr()), _mm256_loadu_ps(offsets.as_ptr().add(8))];
            let mut sums = [if AGREEMENT == OVERLAP { [_mm256_setzero_ps(); 2] } else { start }; TILE_ROWS];
            let mut sizes = [_mm256_setzero_ps(); TILE_ROWS];
            let mut column = data.as_ptr();
            let (one, unsigned) = (_mm256_set1_ps(1.0), _mm256_set1_ps(f32::from_bits(0x7fff_ffff)));
            for at in 0..depth {
                let (low, high) = (_mm256_loadu_ps(column), _mm256_loadu_ps(column.add(8)));
                column = column.add(TILE_COLS);
                let cells = [
                    _mm256_broadcast_ss(&*a.add(at)),
                    _mm256_broadcast_ss(&*b.add(at)),
                    _mm256_broadcast_ss(&*c.add(at)),
                    _mm256_broadcast_ss(&*d.add(at)),
                    _mm256_broadcast_ss(&*e.add(at)),
                    _mm256_broadcast_ss(&*f.add(at)),
                ];
                for ((sum, size), cell) in sums.iter_mut().zip(&mut sizes).zip(cells) {
                    if AGREEMENT == OVERLAP {
                        *size = _mm256_add_ps(*size, cell);
                    }
                    for (sum, column) in sum.iter_mut().zip([low, high]) {
                        *sum = match AGREEMENT {
                            PRODUCT | OVERLAP => _mm256_fmadd_ps(cell, column, *sum),
                            DIFFERENCE => _mm256_sub_ps(*sum, _mm256_and_ps(_mm256_sub_ps(cell, column), unsigned)),
                            _ => _mm256_sub_ps(*sum, _mm256_and_ps(_mm256_cmp_ps::<_CMP_NEQ_OQ>(cell, column), one)),
                        };
                    }
                }
            }
            if AGREEMENT == OVERLAP {
                for (sum, size) in sums.iter_mut().zip(sizes) {
                    for (both, other) in sum.iter_mut().zip(start) {
                        // With a NaN the instruction returns its second operand, so that padding stays padding.
                        let either = _mm256_max_ps(one, _mm256_sub_ps(_mm256_add_ps(size, other), *both));
                        *both = _mm256_sub_ps(_mm256_div_ps(*both, either), one);
                    }
                }
            }
            let mut reached = [[_mm256_setzero_ps(); 2]; TILE_ROWS];
            let mut any = _mm256_setzero_ps();
            for ((reached, sum), &bound) in reached.iter_mut().zip(&sums).zip(reach) {
                let bound = _mm256_set1_ps(bound);
                *reached = [_mm256_cmp_ps::<_CMP_GE_OQ>(sum[0], bound), _mm256_cmp_ps::<_CMP_GE_OQ>(sum[1], bound)];
                any = _mm256_or_ps(any, _mm256_or_ps(reached[0], reached[1]));
            }
            if _mm256_movemask_ps(any) == 0 {
                return false;
            }
            for (row, (reached, sum)) in reached.iter().zip(&sums).enumerate() {
                tile.hits[row] = (_mm256_movemask_ps(reached[0]) | (_mm256_movemask_ps(reached[1]) << 8)) as u16;
                _mm256_storeu_ps(tile.scores.as_mut_ptr().add(row * TILE_COLS), sum[0]);
                _mm256_storeu_ps(tile.scores.as_mut_ptr().add(row * TILE_COLS + 8), sum[1]);
            }
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    #[test]
    fn hits_are_the_scores_that_reach_the_bound() {
        let random = Random::new(3, "panels");
        let shapes = [(1, 1), (16, 5), (37, 50), (100, 131)];
        let all = [Agreement::Product, Agreement::Difference, Agreement::Unequal, Agreement::Overlap];
        for (agreement, (n, depth)) in all.into_iter().flat_map(|agreement| shapes.map(|shape| (agreement, shape))) {
            let cell = |normal: f64| match agreement {
                Agreement::Unequal => normal.round() as f32,
                Agreement::Overlap => f32::from(normal > 0.3),
                _ => normal as f32,
            };
            let agree = |(a, b): (&f32, &f32)| match agreement {
                Agreement::Product => f64::from(*a) * f64::from(*b),
                Agreement::Difference => -(f64::from(*a) - f64::from(*b)).abs(),
                Agreement::Unequal => -f64::from(u8::from(a != b)),
                Agreement::Overlap => f64::from(a * b),
            };
            let size = |row: &[f32]| row.iter().sum::<f32>();
            let table = Matrix::from_fn(n, depth, |i, j| cell(random.normal(i as u64, j as u64)));
            let rows = Matrix::from_fn(6, depth, |i, j| cell(random.normal(1000 + i as u64, j as u64)));
            let sets = agreement == Agreement::Overlap;
            let panels = Panels::all(table.view(), agreement, |row| if sets { size(table.row(row)) } else { row as f32 * 0.01 });
            // Half of these lie within what scores of differences come to.
            let middle = match agreement {
                Agreement::Product => 0.0,
                Agreement::Overlap => -0.7777,
                _ => -(depth as f32),
            };
            let bounds = [0.0, 0.505, -1.005, f32::MIN, 2.005, 1e9].map(|bound| bound + middle);
            for count in 1..=6 {
                let mut views = [rows.row(0); TILE_ROWS];
                let mut reach = [f32::INFINITY; TILE_ROWS];
                for row in 0..count {
                    (views[row], reach[row]) = (rows.row(row), bounds[row]);
                }
                let (mut tile, mut plain) = (Tile::new(), Tile::new());
                for panel in 0..panels.count() {
                    let some = panels.score(&views, panel, &reach, &mut tile);
                    let mut wanted = 0;
                    for (r, bound) in bounds.iter().enumerate().take(count) {
                        let hits: Vec<(usize, f32)> = if some { tile.hits(r).collect() } else { Vec::new() };
                        let expected = (panel * TILE_COLS..n.min((panel + 1) * TILE_COLS)).filter_map(|j| {
                            let dot: f64 = rows.row(r).iter().zip(table.row(j)).map(agree).sum();
                            let either = f64::from(size(rows.row(r)) + size(table.row(j))) - dot;
                            let score = if sets { dot / either.max(1.0) - 1.0 } else { dot + f64::from(j as f32 * 0.01) };
                            (score >= f64::from(*bound)).then_some((j - panel * TILE_COLS, score))
                        });
                        let expected: Vec<(usize, f64)> = expected.collect();
                        wanted += expected.len();
                        assert_eq!(hits.len(), expected.len());
                        for (hit, expected) in hits.iter().zip(&expected) {
                            assert!(hit.0 == expected.0 && (f64::from(hit.1) - expected.1).abs() < 1e-4);
                        }
                    }
                    assert_eq!(some, wanted > 0);
                    let data = &panels.data[panel * TILE_COLS * depth..][..TILE_COLS * depth];
                    let offsets = &panels.offsets[panel * TILE_COLS..][..TILE_COLS];
                    let again = score(&views, data, offsets, agreement, &reach, &mut plain);
                    assert_eq!(again, some);
                }
            }
        }
    }
}
