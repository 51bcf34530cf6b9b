//! The potential of all points of a map: what pushes them apart, and what normalises their distribution.

use crate::parallel::*;
use serde_json::Value;

use super::grid::Grid;
use crate::methods::map::lanes::{Kernel, LANES, Unit, dispatch};

/// Up to this many points all pairs are summed, which is exact and no slower there than the grid; in 3-D a grid has far more nodes, and in 1-D
/// there is none.
pub(super) const fn exact_rows(dimensions: usize) -> usize {
    if dimensions == 2 { 1000 } else { 16_000 }
}

/// φ(y) = Σ 1 / (1 + |y - yⱼ|²) over the points yⱼ of a map.
pub(super) enum Repulsion<const D: usize> {
    /// By all pairs. Cost: n² of them.
    Exact(Columns<D>),
    /// By interpolation on a grid. Cost: n, and the nodes of the grid times their logarithm.
    Grid(Box<Grid<D>>),
}

/// The points' coordinates axis by axis, filled up to whole lanes with points so far away that they add nothing.
pub(super) struct Columns<const D: usize>([Vec<f32>; D]);

impl<const D: usize> Repulsion<D> {
    /// The way that suits a map of `n` points.
    pub(super) fn new(n: usize) -> Self {
        if n <= exact_rows(D) {
            Repulsion::Exact(Columns(std::array::from_fn(|_| Vec::new())))
        } else {
            Repulsion::Grid(Box::new(Grid::new()))
        }
    }

    /// Takes these points as the map.
    pub(super) fn charge(&mut self, points: &[[f32; D]]) {
        match self {
            Repulsion::Exact(columns) => {
                for (axis, column) in columns.0.iter_mut().enumerate() {
                    column.clear();
                    column.extend(points.iter().map(|point| point[axis]));
                    column.resize(points.len().next_multiple_of(LANES), 1e18);
                }
            }
            Repulsion::Grid(grid) => grid.charge(points),
        }
    }

    /// What earlier maps left behind that enters the rounding of later ones.
    pub(super) fn memory(&self) -> Value {
        match self {
            Repulsion::Exact(_) => Value::Null,
            Repulsion::Grid(grid) => grid.memory(),
        }
    }

    /// Takes up what [`Self::memory`] told; none if it is nothing of this kind.
    pub(super) fn remember(&mut self, memory: &Value) -> Option<()> {
        match self {
            Repulsion::Exact(_) => Some(()),
            Repulsion::Grid(grid) => grid.remember(memory),
        }
    }

    /// The gradient ∇φ at places, and the sum of φ over them.
    pub(super) fn gradients(&self, places: &[[f32; D]], out: &mut [[f32; D]]) -> f64 {
        const CHUNK: usize = 64;
        match self {
            Repulsion::Exact(columns) => {
                let chunks = places.par_chunks(CHUNK).zip(out.par_chunks_mut(CHUNK));
                let parts: Vec<f64> = chunks.map(|(places, out)| dispatch(AllPairs { columns, places, out })).collect();
                parts.iter().sum()
            }
            Repulsion::Grid(grid) => grid.gradients(places, out),
        }
    }

    /// φ and ∇φ at one place.
    pub(super) fn at(&self, place: [f32; D]) -> (f32, [f32; D]) {
        match self {
            Repulsion::Exact(columns) => {
                let mut out = [[0.0; D]];
                let potential = dispatch(AllPairs { columns, places: &[place], out: &mut out });
                (potential as f32, out[0])
            }
            Repulsion::Grid(grid) => grid.at(place),
        }
    }
}

struct AllPairs<'a, const D: usize> {
    columns: &'a Columns<D>,
    places: &'a [[f32; D]],
    out: &'a mut [[f32; D]],
}

impl<const D: usize> Kernel for AllPairs<'_, D> {
    type Output = f64;

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) -> f64 {
        let (zero, one) = (unit.splat(0.0), unit.splat(1.0));
        let lanes: [&[[f32; LANES]]; D] = std::array::from_fn(|axis| self.columns.0[axis].as_chunks().0);
        let mut total = 0.0;
        for (place, out) in self.places.iter().zip(self.out) {
            let place: [U::V; D] = std::array::from_fn(|axis| unit.splat(place[axis]));
            let (mut potential, mut pull) = (zero, [zero; D]);
            for group in 0..lanes[0].len() {
                let apart: [U::V; D] = std::array::from_fn(|axis| unit.sub(place[axis], unit.load(&lanes[axis][group])));
                let mut square = one;
                for axis in 0..D {
                    square = unit.madd(apart[axis], apart[axis], square);
                }
                let kernel = unit.div(one, square);
                potential = unit.add(potential, kernel);
                let kernel = unit.mul(kernel, kernel);
                for axis in 0..D {
                    pull[axis] = unit.madd(kernel, apart[axis], pull[axis]);
                }
            }
            total += f64::from(unit.sum(potential));
            *out = std::array::from_fn(|axis| -2.0 * unit.sum(pull[axis]));
        }
        total
    }
}
