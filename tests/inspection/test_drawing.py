"""From a drawing or a photo to a model's input."""

import io

import numpy as np
import pytest
from PIL import Image

from inspection import drawing
from inspection.drawing import FRAMINGS, PictureError, read_picture, to_input


def stroke(rows: slice, columns: slice, edge: int = 300) -> np.ndarray:
    """A black picture with a white box."""
    picture = np.zeros((edge, edge, 3), "uint8")
    picture[rows, columns] = 255
    return picture


def file_of(image: Image.Image, kind: str = "PNG", **keywords) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **keywords)
    file.seek(0)
    return file


def test_a_digit_is_framed_as_mnist_frames_them():
    found = to_input(stroke(slice(10, 110), slice(200, 250)), (28, 28, 1), FRAMINGS["mnist"])
    assert found.shape == (28, 28, 1)
    assert found.dtype == np.float32
    rows, columns = np.nonzero(found[..., 0] > 0.5)
    assert rows.max() - rows.min() + 1 == 20
    assert columns.max() - columns.min() + 1 == 10
    grid = np.indices((28, 28))
    centre = (grid * found[..., 0]).sum((1, 2)) / found.sum()
    np.testing.assert_allclose(centre, 13.5, atol=0.3)


def test_the_frame_does_not_depend_on_where_and_how_large_a_digit_is_drawn():
    small = to_input(stroke(slice(10, 60), slice(10, 30)), (28, 28, 1), FRAMINGS["mnist"])
    large = to_input(stroke(slice(40, 290), slice(150, 250)), (28, 28, 1), FRAMINGS["mnist"])
    np.testing.assert_allclose(small, large, atol=0.15)


def test_a_digit_fills_the_height_of_the_scans():
    found = to_input(stroke(slice(100, 160), slice(0, 300)), (8, 8, 1), FRAMINGS["digits"])[..., 0]
    assert (found.max(axis=1) > 0.9).all()  # wider than high, and yet squeezed into the full height
    assert (found.max(axis=0) > 0.2).sum() <= 6


def test_slanted_ink_is_put_upright():
    slanted = np.zeros((300, 300, 3), "uint8")
    for row in range(40, 260):
        slanted[row, 230 - row // 2 : 250 - row // 2] = 255
    found = to_input(slanted, (8, 8, 1), FRAMINGS["digits"])[..., 0]
    columns = (found * np.arange(8)).sum(1) / found.sum(1)
    assert np.ptp(columns) < 0.5


@pytest.mark.parametrize("name", FRAMINGS)
def test_an_empty_drawing_is_an_empty_input(name):
    empty = np.zeros((300, 300, 3), "uint8")
    assert drawing.is_empty(empty)
    assert not drawing.is_empty(stroke(slice(0, 5), slice(0, 5)))
    assert to_input(empty, (28, 28, 1), FRAMINGS[name]).max() == 0


@pytest.mark.parametrize("name", [None, *FRAMINGS])
@pytest.mark.parametrize(
    "box", [(0, 300, 0, 300), (150, 151, 150, 151), (0, 300, 150, 151), (150, 151, 0, 300)]
)
def test_any_ink_can_be_framed(name, box):
    top, bottom, left, right = box
    found = to_input(stroke(slice(top, bottom), slice(left, right)), (28, 28, 1), FRAMINGS.get(name))
    assert found.shape == (28, 28, 1)
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_without_a_framing_are_taken_whole(channels):
    picture = np.zeros((100, 200, 3), "uint8")
    picture[..., 0] = 200
    found = to_input(picture, (32, 32, channels))
    assert found.shape == (32, 32, channels)
    assert found[0].max() == 0  # the proportions are kept: black above
    assert found[16, 16, 0] > 0
    if channels == 3:
        np.testing.assert_allclose(found[16, 16], [200 / 255, 0, 0], atol=0.01)


def test_inversion_exchanges_light_and_dark():
    paper = 255 - stroke(slice(10, 110), slice(200, 250))
    assert drawing.has_light_ground(paper)
    assert not drawing.has_light_ground(255 - paper)
    np.testing.assert_array_equal(
        to_input(paper, (28, 28, 1), FRAMINGS["mnist"], invert=True),
        to_input(255 - paper, (28, 28, 1), FRAMINGS["mnist"]),
    )


def test_a_drawing_is_laid_on_black():
    layer = np.zeros((2, 2, 4), "uint8")
    layer[0, 0] = 255, 128, 0, 255
    layer[1, 1] = 200, 200, 200, 0
    found = drawing.on_black(layer)
    np.testing.assert_array_equal(found[0, 0], [255, 128, 0])
    assert found[1, 1].max() == 0


@pytest.mark.parametrize(
    "file",
    [
        file_of(Image.new("RGB", (40, 30), "red")),
        file_of(Image.new("L", (1, 1), 255)),
        file_of(Image.new("CMYK", (40, 30)), "JPEG"),
        file_of(Image.new("P", (40, 30))),
        file_of(Image.new("1", (40, 30))),
        file_of(Image.new("LA", (40, 30))),
        file_of(Image.new("P", (40, 30)), "GIF", transparency=0),
        file_of(Image.new("L", (200_000, 1), 255)),
    ],
    ids=["colour", "one pixel", "CMYK", "palette", "bits", "grey and alpha", "GIF", "a line of pixels"],
)
def test_pictures_of_any_mode_are_read(file):
    found = read_picture(file)
    assert found.dtype == np.uint8
    assert found.shape[-1] == 3
    assert to_input(found, (28, 28, 1)).shape == (28, 28, 1)


def test_sixteen_bits_keep_their_shades():
    levels = np.linspace(0, 65535, 64).astype("uint16").reshape(8, 8)
    found = read_picture(file_of(Image.fromarray(levels)))
    np.testing.assert_allclose(found[..., 0], levels / 257, atol=1)


def test_transparency_is_laid_on_white():
    found = read_picture(file_of(Image.new("RGBA", (4, 4), (0, 0, 0, 0))))
    assert found.min() == 255


def test_a_photo_is_turned_upright():
    image = Image.new("RGB", (40, 20))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    assert read_picture(file_of(image, "JPEG", exif=exif)).shape[:2] == (40, 20)


def test_large_photos_are_kept_small():
    assert max(read_picture(file_of(Image.new("RGB", (4000, 10)), "JPEG")).shape) == drawing.KEPT_EDGE


def test_what_is_no_picture_is_told():
    with pytest.raises(PictureError, match="no picture"):
        read_picture(io.BytesIO(b"<svg>not one of these</svg>"))


def test_a_damaged_picture_is_told():
    whole = file_of(Image.effect_noise((64, 64), 50)).getvalue()
    with pytest.raises(PictureError, match="damaged"):
        read_picture(io.BytesIO(whole[: len(whole) // 2]))


def test_a_picture_that_would_fill_the_memory_is_refused_undecoded(monkeypatch):
    monkeypatch.setattr(drawing, "MAX_PIXELS", 99)
    with pytest.raises(PictureError, match="10 x 10 pixels"):
        read_picture(file_of(Image.new("RGB", (10, 10))))


@pytest.mark.parametrize("edge", [4, 10])  # Pillow warns from 11 pixels on, and refuses from 21
def test_a_decompression_bomb_is_refused(monkeypatch, edge):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(PictureError, match="scale it down"):
        read_picture(file_of(Image.new("RGB", (edge, edge))))


def test_a_large_picture_of_any_mode_is_averaged_not_sampled(monkeypatch):
    monkeypatch.setattr(drawing, "KEPT_EDGE", 8)
    board = np.kron(np.indices((16, 16)).sum(0) % 2, np.ones((2, 2)))  # a chessboard of 32 x 32 pixels
    levels = Image.fromarray((board * 65535).astype("uint16"))
    np.testing.assert_allclose(read_picture(file_of(levels)), 127.5, atol=1)
    ink = np.zeros((32, 32, 4), "uint8")
    ink[..., 3] = 255 * board  # black ink that half covers the white ground
    np.testing.assert_allclose(read_picture(file_of(Image.fromarray(ink))), 127.5, atol=1)
