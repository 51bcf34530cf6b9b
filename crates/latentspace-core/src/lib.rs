//! What the methods of latentspace stand on, and no method: rows and their preparation, kernels of linear algebra, neighbors, measures, folds, and
//! the shapes of methods and models.
//!
//! A crate of its own, so that an edited method is compiled without all this. Programs use the crate `latentspace`, which has these modules, too.

pub mod arrow;
pub mod attributes;
pub mod axes;
pub mod border;
pub mod checkpoint;
pub mod codes;
pub mod completion;
pub mod contrast;
pub mod data;
pub mod dimension;
pub mod error;
pub mod fold;
pub mod interval;
pub mod linalg;
pub mod measure;
pub mod method;
pub mod model;
pub mod neighbors;
pub mod parallel;
pub mod params;
pub mod random;
pub mod run;
pub mod tensors;
pub mod text;
pub mod tree;

pub use codes::Codes;
pub use data::{Observations, Preparation};
pub use error::{Error, Result};
pub use run::Run;
