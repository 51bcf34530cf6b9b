//! What pulls a map together: the pulls along the edges of the joint distribution P. They are bound by memory, see [`Edges`].

use crate::methods::map::edges::{Edges, Group, WEIGHT_SHIFT};
use crate::methods::map::lanes::{Kernel, Unit, dispatch};

/// The pulls Σ w (yᵢ - yⱼ) / (1 + d²) on rows from `first` on, and the sum of w ln(1 + d²) over them if it is asked for, else 0.
pub(super) fn pulls<const D: usize>(edges: &Edges, points: &[[f32; D]], first: usize, with_loss: bool, out: &mut [[f32; D]]) -> f64 {
    dispatch(Attract { edges, points, first, with_loss, out })
}

struct Attract<'a, const D: usize> {
    edges: &'a Edges,
    points: &'a [[f32; D]],
    first: usize,
    with_loss: bool,
    out: &'a mut [[f32; D]],
}

impl<const D: usize> Kernel for Attract<'_, D> {
    type Output = f64;

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) -> f64 {
        if self.with_loss { attract::<U, D, true>(self, unit) } else { attract::<U, D, false>(self, unit) }
    }
}

#[inline(always)]
fn attract<U: Unit, const D: usize, const LOSS: bool>(kernel: Attract<'_, D>, unit: U) -> f64 {
    let Attract { edges, points, first, out, .. } = kernel;
    let (zero, one) = (unit.splat(0.0), unit.splat(1.0));
    let mut total = 0.0;
    for (i, out) in out.iter_mut().enumerate() {
        let row = first + i;
        let place: [U::V; D] = std::array::from_fn(|axis| unit.splat(points[row][axis]));
        let (mut pull, mut loss) = ([zero; D], zero);
        for Group { base, offsets, weights } in edges.groups(row) {
            let others = unit.gather(&points[*base as usize..], offsets);
            let weight = unit.load_shifted::<WEIGHT_SHIFT>(weights);
            let apart: [U::V; D] = std::array::from_fn(|axis| unit.sub(place[axis], others[axis]));
            let mut square = one;
            for axis in 0..D {
                square = unit.madd(apart[axis], apart[axis], square);
            }
            let force = unit.div(weight, square);
            for axis in 0..D {
                pull[axis] = unit.madd(force, apart[axis], pull[axis]);
            }
            if LOSS {
                loss = unit.madd(weight, unit.ln(square), loss);
            }
        }
        *out = std::array::from_fn(|axis| unit.sum(pull[axis]));
        if LOSS {
            total += f64::from(unit.sum(loss));
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulls_are_the_sums_that_define_them() {
        let n = 300;
        let points: Vec<[f32; 3]> = (0..n).map(|i| std::array::from_fn(|axis| ((i * (axis + 3)) as f32 * 0.7).sin() * 9.0)).collect();
        let edges = Edges::build(n, |row, out| out.extend((0..row % 21).map(|i| (((row + i * i + 1) % n) as u32, 0.5 + i as f32 / 64.0))));
        let mut out = vec![[0.0; 3]; 40];
        let loss = pulls(&edges, &points, 256, true, &mut out);
        let mut wanted_loss = 0.0;
        for (i, out) in out.iter().enumerate() {
            let mut wanted = [0.0_f64; 3];
            for (column, weight) in edges.row(256 + i) {
                let apart: [f64; 3] =
                    std::array::from_fn(|axis| f64::from(points[256 + i][axis]) - f64::from(points[column as usize][axis]));
                let square = 1.0 + apart.iter().map(|a| a * a).sum::<f64>();
                (0..3).for_each(|axis| wanted[axis] += f64::from(weight) * apart[axis] / square);
                wanted_loss += f64::from(weight) * square.ln();
            }
            assert!((0..3).all(|axis| (f64::from(out[axis]) - wanted[axis]).abs() < 1e-4), "{out:?} {wanted:?}");
        }
        assert!((loss / wanted_loss - 1.0).abs() < 1e-6);
        assert_eq!(pulls(&edges, &points, 256, false, &mut out), 0.0);
    }
}
