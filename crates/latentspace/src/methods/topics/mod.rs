//! Topics: what a corpus is about, as probabilities of words; and documents as shares of topics.

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
