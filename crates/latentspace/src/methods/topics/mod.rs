//! Topics: what a corpus is about, as probabilities of words; and documents as shares of topics.

mod corpus;
mod dirichlet;
mod gibbs;
pub mod lda;
mod model;
#[cfg(test)]
mod tests;
