"""Generated tiles repeat, keep to the layout of the chips, and carry a truth that matches the picture."""

import numpy as np
import pytest

from sim.scene import SIDE, scene


def test_one_seed_gives_one_tile() -> None:
    first, second = scene(3), scene(3)
    assert first.image.tobytes() == second.image.tobytes()
    assert first.water.tobytes() == second.water.tobytes()
    assert first.cloud.tobytes() == second.cloud.tobytes()


def test_another_seed_gives_another_tile() -> None:
    assert not np.array_equal(scene(3).image, scene(4).image)


@pytest.mark.parametrize("seed", [0, 9, 22])
def test_layout_and_range(seed: int) -> None:
    made = scene(seed)
    assert made.image.shape == (SIDE, SIDE, 4) and made.image.dtype == np.float32
    assert made.water.shape == made.cloud.shape == (SIDE, SIDE)
    assert made.water.dtype == made.cloud.dtype == np.bool_
    assert made.image.min() >= 0.0 and made.image.max() < 1.5


def test_values_survive_a_file_of_integers() -> None:
    image = scene(5).image
    on_file = np.round(image * 1e4).astype(np.uint16)
    np.testing.assert_allclose(on_file * 1e-4, image, atol=1e-6)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.8, 1.0])
def test_asked_cloud_is_given(fraction: float) -> None:
    assert scene(11, cloud_fraction=fraction).cloud_fraction == pytest.approx(fraction, abs=0.03)


def test_asked_water_is_given_and_a_dry_tile_is_dry() -> None:
    assert scene(12, water_fraction=0.0).water_fraction == 0.0
    wet = [scene(seed, water_fraction=0.4).water_fraction for seed in range(8)]
    assert max(wet) == pytest.approx(0.4, abs=0.03)
    assert min(wet) > 0.05  # weeds may take most of a lake, never all of it


def test_drawn_tiles_are_of_every_kind() -> None:
    tiles = [scene(seed) for seed in range(16)]
    assert any(tile.cloud_fraction == 0.0 for tile in tiles) and any(tile.cloud_fraction > 0.85 for tile in tiles)
    assert any(tile.water_fraction == 0.0 for tile in tiles) and any(tile.water_fraction > 0.2 for tile in tiles)


def test_water_is_dark_and_cloud_is_bright_in_the_infrared() -> None:
    made = scene(14, cloud_fraction=0.3, water_fraction=0.3)
    infrared = made.image[..., 3]
    land = np.median(infrared[~made.cloud & ~made.water])
    assert np.median(infrared[made.water & ~made.cloud]) < 0.6 * land
    assert np.median(infrared[made.cloud]) > 1.3 * land


def test_water_under_cloud_stays_water() -> None:
    clear, clouded = (scene(15, cloud_fraction=fraction, water_fraction=0.3) for fraction in (0.0, 0.9))
    assert np.array_equal(clear.water, clouded.water)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_fractions_outside_their_range_are_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="water_fraction"):
        scene(0, water_fraction=fraction)
