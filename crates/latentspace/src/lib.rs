//! Learn maps, factors, topics and embeddings from tables, images and text, and measure how far each can be trusted.
//!
//! Data flow: files are read into [`data::Observations`]; a [`data::Preparation`] turns them into numbers; a
//! [`method::Method`] learns a [`space::Space`] from these, with a fitted [`model::Model`]; the space encodes observations to [`codes::Codes`] and, for most methods, decodes
//! them; [`measure`] computes trustworthiness and other measures. Every long call takes a [`run::Run`].

pub mod compare;
pub mod explain;
pub mod learn;
pub mod methods;
pub mod registry;
pub mod scores;
pub mod space;

pub use latentspace_core::{Codes, Error, Observations, Preparation, Result, Run};
pub use latentspace_core::{
    arrow, attributes, axes, border, checkpoint, codes, completion, contrast, data, dimension, error, fold, interval, linalg, measure,
    method, model, neighbors, parallel, params, random, run, tensors, text, tree,
};
/// Schemas of serialized types, for interfaces of other languages.
pub use schemars;
pub use space::Space;
