//! Linear algebra: dense and sparse matrices, products, decompositions. No method is named here.

mod centered;
mod cholesky;
mod decompose;
mod double;
mod fresh;
mod gram;
mod instructions;
mod krylov;
mod matrix;
mod orthonormal;
mod owned;
mod panels;
mod points;
mod positive;
mod product;
mod sparse;
mod sparse_rows;

pub use centered::Centered;
pub use cholesky::Cholesky;
pub use decompose::is_few_of_many;
pub use decompose::{Eigen, EigenCost, eigen_cost, from_lower, symmetric_eigen, symmetric_eigenvalues, thin_svd};
pub use double::{multiplied, multiply, multiply_half};
pub use fresh::Fresh;
pub use gram::Gram;
pub use instructions::Instructions;
pub use krylov::{BLOCK, Krylov, Tolerance, largest_eigen};
pub use matrix::{Matrix, MatrixView};
pub use orthonormal::complete;
pub(crate) use owned::Collected;
pub use owned::{ImageShape, OwnedRows, Pictures, Tokens};
pub(crate) use panels::{Agreement, NOBODY, Panels, TILE_COLS, TILE_ROWS, Tile};
pub use points::Points;
pub use positive::solve_positive;
pub use product::{Threads, product, product_transposed};
pub use sparse::{Smallest, Sparse};
pub use sparse_rows::{SparseMatrix, SparseRows};
