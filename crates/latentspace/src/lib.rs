//! Learn latent spaces from what was observed, know how far to trust them, and work in them.
//!
//! The flow, one way: files are read into [`data::Observations`]; a [`data::Preparation`] turns them into numbers; a
//! [`method::Method`] learns a [`space::Space`] from these; the space encodes observations to [`codes::Codes`] and, where it can, decodes
//! them; [`measure`] says how far to trust the result. [`run::Run`] goes along with every long call.

pub mod attributes;
pub mod border;
pub mod checkpoint;
pub mod codes;
pub mod data;
pub mod dimension;
pub mod error;
pub mod fold;
pub mod growing;
pub mod interval;
pub mod linalg;
pub mod measure;
pub mod method;
pub mod methods;
pub mod neighbors;
mod parallel;
pub mod params;
pub mod random;
pub mod registry;
pub mod run;
pub mod shares;
pub mod space;
pub mod tensors;
pub mod text;
pub mod topics;
mod tree;

pub use codes::Codes;
pub use data::{Observations, Preparation};
pub use error::{Error, Result};
pub use run::Run;
pub use space::Space;
