//! Learn maps, factors, topics and embeddings from tables, images and text, and measure how far each can be trusted.
//!
//! Data flow: files are read into [`data::Observations`]; a [`data::Preparation`] turns them into numbers; a
//! [`method::Method`] learns a [`space::Space`] from these, with a fitted [`model::Model`]; the space encodes observations to [`codes::Codes`] and, for most methods, decodes
//! them; [`measure`] computes trustworthiness and other measures. Every long call takes a [`run::Run`].

pub mod attributes;
pub mod axes;
pub mod border;
pub mod checkpoint;
pub mod codes;
pub mod compare;
pub mod data;
pub mod dimension;
pub mod error;
pub mod explain;
pub mod fold;
pub mod interval;
pub mod learn;
pub mod linalg;
pub mod measure;
pub mod method;
pub mod methods;
pub mod model;
pub mod neighbors;
mod parallel;
pub mod params;
pub mod random;
pub mod registry;
pub mod run;
pub mod scores;
pub mod space;
pub mod tensors;
pub mod text;
mod tree;

pub use codes::Codes;
pub use data::{Observations, Preparation};
pub use error::{Error, Result};
pub use run::Run;
/// Schemas of serialized types, for interfaces of other languages.
pub use schemars;
pub use space::Space;
