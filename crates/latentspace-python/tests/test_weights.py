"""Weights of rows, errors of cells, and missing cells."""

import numpy as np
import pytest

from latentspace import NMF, PCA, PPCA, FactorAnalysis

CLASSES = [PCA, PPCA, FactorAnalysis, NMF]


@pytest.fixture
def rows() -> np.ndarray:
    """Rows of two factors, none of them negative."""
    random = np.random.default_rng(0)
    return np.abs(random.gamma(2.0, size=(120, 2)) @ random.gamma(1.0, size=(2, 7)) + 0.1 * random.normal(size=(120, 7)))


@pytest.mark.parametrize("cls", CLASSES)
def test_a_row_of_weight_3_is_the_row_three_times(cls, rows):
    weights = np.arange(120) % 4
    weighted = cls(2).fit(rows, weights=weights)
    repeated = cls(2).fit(np.repeat(rows, weights, axis=0))
    # Factors of nearly the same information turn with the last digits; the covariance that they make does not.
    figure = "get_covariance" if cls in (PPCA, FactorAnalysis) else "components_"
    first, second = (getattr(space, figure) for space in (weighted, repeated))
    first, second = (found() if callable(found) else found for found in (first, second))
    np.testing.assert_allclose(first, second, atol=2e-3 if cls is NMF else 1e-5)


@pytest.mark.parametrize("cls", CLASSES)
def test_missing_cells_are_left_out(cls, rows):
    gaps = rows.copy()
    gaps[np.random.default_rng(1).random(gaps.shape) < 0.2] = np.nan
    with pytest.raises(ValueError, match="missing"):
        cls(2).fit(gaps)
    space = cls(2).fit(gaps, errors=1.0)
    back = space.inverse_transform(space.transform(gaps))
    hidden = np.isnan(gaps)
    spread = np.mean((rows - rows.mean(axis=0))[hidden] ** 2)
    assert np.mean((back - rows)[hidden] ** 2) < 0.3 * spread
    assert np.isfinite(space.measures_["trustworthiness"].value)
    alone = space.transform(gaps[5:6])
    np.testing.assert_array_equal(alone, space.transform(gaps)[5:6])


@pytest.mark.parametrize("cls", CLASSES)
def test_what_is_wrong_is_told(cls, rows):
    with pytest.raises(ValueError, match="119 weights"):
        cls(2).fit(rows, weights=np.ones(119))
    with pytest.raises(ValueError, match="0 or more"):
        cls(2).fit(rows, weights=-np.ones(120))
    with pytest.raises(ValueError, match="larger than 0"):
        cls(2).fit(rows, errors=np.zeros_like(rows))
    with pytest.raises(ValueError, match="6"):
        cls(2).fit(rows, errors=np.ones((120, 6)))
