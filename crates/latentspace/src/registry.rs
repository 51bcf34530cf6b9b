//! The registry of methods: one line each.

use crate::error::{Error, Result, nearest};
use crate::method::{Entry, Shape};
use crate::methods::kernels::fourier_features::FourierFeatures;
use crate::methods::kernels::kernel_pca::KernelPca;
use crate::methods::kernels::nystroem::Nystroem;
use crate::methods::kernels::svm::Svm;
use crate::methods::linear::dictionary::Dictionary;
use crate::methods::linear::factor_analysis::FactorAnalysis;
use crate::methods::linear::ica::Ica;
use crate::methods::linear::nmf::Nmf;
use crate::methods::linear::pca::{Pca, Svd};
use crate::methods::linear::ppca::Ppca;
use crate::methods::linear::sparse_pca::SparsePca;
use crate::methods::manifold::diffusion::Diffusion;
use crate::methods::manifold::isomap::Isomap;
use crate::methods::manifold::laplacian::Laplacian;
use crate::methods::manifold::lle::Lle;
use crate::methods::manifold::mds::Mds;
use crate::methods::manifold::phate::Phate;
use crate::methods::pacmap::Pacmap;
use crate::methods::topics::lda::Lda;
use crate::methods::topics::plsa::Plsa;
use crate::methods::tsne::Tsne;
use crate::methods::umap::Umap;
use crate::params::Role;

/// Every method, in the order in which lists show them.
pub static METHODS: &[Entry] = &[
    Entry::of::<Pca>(),
    Entry::of::<Svd>(),
    Entry::of::<FactorAnalysis>(),
    Entry::of::<Ppca>(),
    Entry::of::<Ica>(),
    Entry::of::<Nmf>(),
    Entry::of::<SparsePca>(),
    Entry::of::<Dictionary>(),
    Entry::of::<KernelPca>(),
    Entry::of::<Nystroem>(),
    Entry::of::<FourierFeatures>(),
    Entry::of::<Svm>(),
    Entry::of::<Tsne>(),
    Entry::of::<Umap>(),
    Entry::of::<Pacmap>(),
    Entry::of::<Lle>(),
    Entry::of::<Isomap>(),
    Entry::of::<Laplacian>(),
    Entry::of::<Diffusion>(),
    Entry::of::<Phate>(),
    Entry::of::<Mds>(),
    Entry::of::<Lda>(),
    Entry::of::<Plsa>(),
];

/// The default method for maps: the first in the registry.
pub fn default_map() -> &'static Entry {
    METHODS.iter().find(|entry| entry.info.family == "map").unwrap_or(&METHODS[0])
}

/// The default method for a map of rows of this shape: the default for maps, or the first that learns from so few rows.
pub fn default_map_of(shape: Shape) -> &'static Entry {
    let dims = |entry: &Entry| entry.parameter_of(Role::Dimensions).map(|dims| (dims.name, serde_json::json!(2)));
    let learns = |entry: &Entry| {
        entry
            .with(&dims(entry).into_iter().collect())
            .is_ok_and(|method| method.check(shape).is_ok() || method.adapted(shape, None).is_some())
    };
    let usual = default_map();
    if learns(usual) { usual } else { METHODS.iter().find(|entry| learns(entry)).unwrap_or(usual) }
}

/// The default method for text: the first in the registry that takes text and no tables.
pub fn default_for_text() -> Option<&'static Entry> {
    METHODS.iter().find(|entry| entry.info.wants_text())
}

/// The method with this name.
///
/// # Errors
/// [`Error::Param`] with the nearest name as a hint.
pub fn find(name: &str) -> Result<&'static Entry> {
    METHODS.iter().find(|entry| entry.info.name == name).ok_or_else(|| {
        let names: Vec<&str> = METHODS.iter().map(|entry| entry.info.name).collect();
        let error = Error::param("method", format!("'{name}'"), format!("there are {}", names.join(", ")));
        match nearest(name, names.iter().copied()) {
            Some(name) => error.with_hint(format!("did you mean '{name}'?")),
            None => error.with_hint("`latent methods` lists them"),
        }
    })
}
