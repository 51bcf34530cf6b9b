//! Topic models: topics as distributions over words, documents as mixtures of topics.

mod attributes;
mod corpus;
mod dirichlet;
mod gibbs;
pub mod lda;
mod model;
pub mod plsa;
mod rounds;
#[cfg(test)]
mod tests;
mod variational;
