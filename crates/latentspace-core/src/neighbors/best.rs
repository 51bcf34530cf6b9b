//! The rows of a table with the best scores for each of a few rows, kept during the scan.

use std::ops::Range;

use crate::linalg::{Panels, TILE_COLS, TILE_ROWS, Tile};

/// For each of a few rows: at least the `keep` best candidates, and all others within the error margin.
pub(super) struct Best {
    keep: usize,
    kept: Vec<Vec<u64>>,
    /// Candidates with lower scores are rejected.
    bounds: Vec<f32>,
    /// Number of candidates at which the worst are dropped.
    room: Vec<usize>,
    tile: Tile,
}

/// A row whose best candidates are searched.
#[derive(Clone, Copy)]
pub(super) struct Seeker<'a> {
    /// Its numbers.
    pub(super) row: &'a [f32],
    /// Its own name, which is not a candidate.
    pub(super) name: u32,
    /// Its slot in [`Best`].
    pub(super) slot: usize,
}

/// How tile scores relate to the scores by which candidates are ranked.
pub(super) trait Scoring: Sync {
    /// The tile score that is necessary for a score of at least `bound` for `seeker`.
    fn reach(&self, seeker: &Seeker<'_>, bound: f32) -> f32;

    /// The score of row `name` for `seeker`, given its tile score `reach`; below the bound if it cannot reach it.
    fn score(&self, seeker: &Seeker<'_>, name: u32, score: f32, reach: f32) -> f32;
}

/// The tile scores are the scores.
pub(super) struct ExactScores;

impl Scoring for ExactScores {
    fn reach(&self, _seeker: &Seeker<'_>, bound: f32) -> f32 {
        bound
    }

    fn score(&self, _seeker: &Seeker<'_>, _name: u32, score: f32, _reach: f32) -> f32 {
        score
    }
}

impl Best {
    /// Keeps at least `keep` candidates per row.
    pub(super) fn new(keep: usize) -> Self {
        Best { keep, kept: Vec::new(), bounds: Vec::new(), room: Vec::new(), tile: Tile::new() }
    }

    /// Clears all candidates and makes room for `rows` rows.
    pub(super) fn clear(&mut self, rows: usize) {
        let room = 2 * self.keep + 24;
        self.kept.iter_mut().for_each(Vec::clear);
        self.kept.resize_with(rows, || Vec::with_capacity(room + TILE_COLS));
        self.bounds.clear();
        self.bounds.resize(rows, f32::MIN);
        self.room.clear();
        self.room.resize(rows, room);
    }

    /// Scores the seekers against panels of a table and keeps the best. `margin(slot, score)` is the error margin below the worst kept score
    /// within which a row may still be better.
    pub(super) fn meet(
        &mut self,
        seekers: &[Seeker<'_>],
        table: &Panels,
        panels: Range<usize>,
        scoring: &impl Scoring,
        margin: impl Fn(usize, f32) -> f32,
    ) {
        for seekers in seekers.chunks(TILE_ROWS) {
            let mut rows = [seekers[0].row; TILE_ROWS];
            let mut bounds = [f32::INFINITY; TILE_ROWS];
            for ((row, bound), seeker) in rows.iter_mut().zip(&mut bounds).zip(seekers) {
                *row = seeker.row;
                *bound = scoring.reach(seeker, self.bounds[seeker.slot]);
            }
            for panel in panels.clone() {
                if !table.score(&rows, seekers.len(), panel, &bounds, &mut self.tile) {
                    continue;
                }
                let names = table.names(panel);
                for (i, seeker) in seekers.iter().enumerate() {
                    if !self.tile.is_hit(i) {
                        continue;
                    }
                    let (kept, bound) = (&mut self.kept[seeker.slot], self.bounds[seeker.slot]);
                    for (column, score) in self.tile.hits(i) {
                        let score = scoring.score(seeker, names[column], score, bounds[i]);
                        if score >= bound && names[column] != seeker.name {
                            kept.push(key(score, names[column]));
                        }
                    }
                    self.settle(seeker.slot, &margin);
                    bounds[i] = scoring.reach(seeker, self.bounds[seeker.slot]);
                }
            }
        }
    }

    /// Offers row `name` of a table to the slots from `first` on, with a score for each.
    pub(super) fn offer(&mut self, first: usize, scores: &[f32], name: u32, own: &[u32], margin: impl Fn(usize, f32) -> f32) {
        for (slot, &score) in (first..self.bounds.len()).zip(scores) {
            if score >= self.bounds[slot] && own[slot] != name {
                self.kept[slot].push(key(score, name));
                self.settle(slot, &margin);
            }
        }
    }

    /// The minimum score of each slot for a candidate.
    pub(super) fn bounds(&self) -> &[f32] {
        &self.bounds
    }

    /// Sets initial minimum scores, from known lower bounds.
    pub(super) fn expect(&mut self, bounds: impl Iterator<Item = f32>) {
        self.bounds.iter_mut().zip(bounds).for_each(|(to, bound)| *to = bound);
    }

    /// Drops the worst candidates if there are too many.
    fn settle(&mut self, slot: usize, margin: &impl Fn(usize, f32) -> f32) {
        let kept = &mut self.kept[slot];
        if kept.len() >= self.room[slot] {
            self.bounds[slot] = self.bounds[slot].max(shorten(kept, self.keep, |score| margin(slot, score)));
            // Many ties: allow more candidates before the next check.
            self.room[slot] = self.room[slot].max(2 * kept.len());
        }
    }

    /// The candidates of `slot`, the best first: at least `keep` if enough were offered, and all within the margin.
    pub(super) fn finish(&mut self, slot: usize, margin: impl Fn(usize, f32) -> f32) -> impl ExactSizeIterator<Item = u32> {
        let kept = &mut self.kept[slot];
        shorten(kept, self.keep, |score| margin(slot, score));
        kept.sort_unstable();
        kept.iter().map(|&key| key as u32)
    }
}

/// Drops candidates that score below the `keep`-th by more than the margin, and returns the bound. Without a margin, ties are ordered by
/// name.
fn shorten(kept: &mut Vec<u64>, keep: usize, margin: impl Fn(f32) -> f32) -> f32 {
    if kept.len() <= keep || keep == 0 {
        return f32::MIN;
    }
    let (_, &mut last, _) = kept.select_nth_unstable(keep - 1);
    let margin = margin(score(last));
    let bound = score(last) - margin;
    if margin <= 0.0 {
        kept.truncate(keep);
        return bound;
    }
    let worst = key(bound, u32::MAX);
    if worst <= last {
        kept.truncate(keep);
    } else {
        // Earlier ones are better.
        let mut end = keep;
        for at in keep..kept.len() {
            kept[end] = kept[at];
            end += usize::from(kept[at] <= worst);
        }
        kept.truncate(end);
    }
    bound
}

/// A score and a name as one integer: smaller is better, by score and then by name.
fn key(score: f32, name: u32) -> u64 {
    let bits = score.to_bits();
    // The order of the bits is that of the numbers, after the bits of negative ones are flipped.
    let ascending = if bits >> 31 == 0 { bits | 0x8000_0000 } else { !bits };
    (u64::from(!ascending) << 32) | u64::from(name)
}

/// The score in a key.
fn score(key: u64) -> f32 {
    let ascending = !((key >> 32) as u32);
    f32::from_bits(if ascending >> 31 == 1 { ascending & 0x7fff_ffff } else { !ascending })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_by_score_then_name_and_give_the_score_back() {
        let scores = [f32::INFINITY, 3.5, 1e-30, 0.0, -1e-30, -2.0, f32::MIN];
        for pair in scores.windows(2) {
            assert!(key(pair[0], 9) < key(pair[1], 0));
            assert!(key(pair[0], 1) < key(pair[0], 2));
            assert_eq!(score(key(pair[1], 7)), pair[1]);
        }
    }

    #[test]
    fn what_lies_within_the_margin_stays() {
        let mut kept: Vec<u64> = [5.0, 1.0, 4.0, 3.9, 3.0].iter().enumerate().map(|(i, &s)| key(s, i as u32)).collect();
        assert_eq!(shorten(&mut kept, 2, |_| 0.5), 3.5);
        kept.sort_unstable();
        assert_eq!(kept.iter().map(|&key| key as u32).collect::<Vec<_>>(), [0, 2, 3]);
    }
}
