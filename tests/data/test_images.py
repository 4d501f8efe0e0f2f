"""One reader of image files, whatever their mode, format and state."""

import io

import numpy as np
import pytest
from PIL import Image

from data import SOURCES, image_folder, images
from data.images import ImageError, read_image, read_square
from data.source import Spec
from inspection.drawing import to_input


def file_of(image: Image.Image, kind: str = "PNG", **keywords) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **keywords)
    file.seek(0)
    return file


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
    found = read_image(file)
    assert found.dtype == np.uint8
    assert found.shape[-1] == 3


def test_sixteen_bits_keep_their_shades():
    levels = np.linspace(0, 65535, 64).astype("uint16").reshape(8, 8)
    found = read_image(file_of(Image.fromarray(levels)))
    np.testing.assert_allclose(found[..., 0], levels / 257, atol=1)


def test_transparency_is_laid_on_white():
    found = read_image(file_of(Image.new("RGBA", (4, 4), (0, 0, 0, 0))))
    assert found.min() == 255


def test_a_photo_is_turned_upright():
    image = Image.new("RGB", (40, 20))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    assert read_image(file_of(image, "JPEG", exif=exif)).shape[:2] == (40, 20)


def test_large_photos_are_kept_small():
    assert max(read_image(file_of(Image.new("RGB", (4000, 10)), "JPEG")).shape) == images.KEPT_EDGE


def test_what_is_no_picture_is_told():
    with pytest.raises(ImageError, match="none of PNG, JPEG, BMP, GIF, WEBP and TIFF"):
        read_image(io.BytesIO(b"<svg>not one of these</svg>"))


def test_a_damaged_picture_is_told():
    whole = file_of(Image.effect_noise((64, 64), 50)).getvalue()
    with pytest.raises(ImageError, match="damaged"):
        read_image(io.BytesIO(whole[: len(whole) // 2]))


def test_a_picture_that_would_fill_the_memory_is_refused_undecoded(monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 99)
    with pytest.raises(ImageError, match="10 x 10 pixels"):
        read_image(file_of(Image.new("RGB", (10, 10))))


@pytest.mark.parametrize("edge", [4, 10])  # Pillow warns from 11 pixels on, and refuses from 21
def test_a_decompression_bomb_is_refused(monkeypatch, edge):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ImageError, match="Scale it down"):
        read_image(file_of(Image.new("RGB", (edge, edge))))


def test_a_large_picture_of_any_mode_is_averaged_not_sampled(monkeypatch):
    monkeypatch.setattr(images, "KEPT_EDGE", 8)
    board = np.kron(np.indices((16, 16)).sum(0) % 2, np.ones((2, 2)))  # a chessboard of 32 x 32 pixels
    levels = Image.fromarray((board * 65535).astype("uint16"))
    np.testing.assert_allclose(read_image(file_of(levels)), 127.5, atol=1)
    ink = np.zeros((32, 32, 4), "uint8")
    ink[..., 3] = 255 * board  # black ink that half covers the white ground
    np.testing.assert_allclose(read_image(file_of(Image.fromarray(ink))), 127.5, atol=1)


RAMP = np.arange(0, 65536, 16, dtype="uint16").reshape(64, 64)
GREY = np.rint(RAMP / 257).astype("uint8")


def ramp(mode: str) -> Image.Image:
    """A grey ramp from black to white, `(64, 64)`, in a mode of Pillow's."""
    if mode == "I":
        return Image.fromarray(RAMP.astype("int32"))
    if mode.startswith("I;16"):
        order = ">u2" if mode == "I;16B" else "<u2"
        return Image.frombytes(mode, (64, 64), RAMP.astype(order).tobytes())
    if mode == "F":
        return Image.fromarray(RAMP.astype("float32") / 65535)
    grey = Image.fromarray(GREY)
    if mode in ("La", "PA"):
        return grey.convert("LA").convert(mode)
    if mode == "RGBa":
        return grey.convert("RGBA").convert(mode)
    if mode == "P":  # a palette of its own, in reverse
        found = Image.fromarray(255 - GREY)
        found.putpalette(np.repeat(np.arange(255, -1, -1, dtype="uint8"), 3).tobytes())
        return found
    return grey if mode == "L" else grey.convert("RGB").convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind", "tolerance"),
    [
        ("L", "PNG", 0),
        ("LA", "PNG", 0),
        ("P", "PNG", 0),
        ("PA", "TIFF", 0),
        ("RGB", "PNG", 0),
        ("RGB", "WEBP", 8),
        ("RGBA", "PNG", 0),
        ("RGBX", "TIFF", 0),
        ("CMYK", "JPEG", 3),
        ("CMYK", "TIFF", 0),
        ("YCbCr", "JPEG", 3),
        ("YCbCr", "TIFF", 1),
        ("LAB", "TIFF", 2),
        ("I", "TIFF", 0),
        ("I;16", "PNG", 0),
        ("I;16", "TIFF", 0),
        ("I;16B", "PNG", 0),
        ("I;16B", "TIFF", 0),
        ("F", "TIFF", 0),
    ],
)
def test_every_mode_is_read_alike_for_folder_predict_and_app(mode, kind, tolerance, tmp_path):
    path = tmp_path / f"ramp.{kind.lower()}"
    ramp(mode).save(path, kind)
    uploaded = read_image(io.BytesIO(path.read_bytes()))
    np.testing.assert_allclose(uploaded, np.repeat(GREY[..., None], 3, axis=-1), atol=tolerance)
    for channels in (1, 3):
        spec = Spec("mine", (64, 64, channels), ("a", "b"), "", "")
        folder = read_square(path, 64, channels)
        predicted = SOURCES["image_folder"].read(str(path), spec)
        np.testing.assert_array_equal(predicted, folder.astype("float32") / 255)
        np.testing.assert_array_equal(predicted, to_input(uploaded, (64, 64, channels)))


@pytest.mark.parametrize("mode", ["La", "PA", "RGBa", "HSV", "I;16L", "I;16N"])
def test_modes_that_no_file_has_are_plain_too(mode):
    found = np.asarray(images._plain(ramp(mode)))
    np.testing.assert_allclose(found[..., 0], GREY, atol=0)


def test_bits_are_black_and_white():
    found = read_image(file_of(Image.fromarray(GREY).convert("1", dither=Image.Dither.NONE)))
    np.testing.assert_array_equal(found[..., 0], np.where(GREY > 127, 255, 0))


def test_a_dark_sixteen_bit_image_stays_dark():
    assert read_image(file_of(Image.fromarray(np.full((4, 4), 255, "uint16")))).max() == 1


@pytest.mark.parametrize(("top", "seen"), [(1.0, 255), (255.0, 255), (51.0, 51), (65535.0, 255), (257.0, 1)])
def test_floats_take_the_smallest_usual_range_that_holds_them(top, seen):
    levels = np.zeros((4, 4), "float32")
    levels[0] = top
    assert read_image(file_of(Image.fromarray(levels), "TIFF")).max() == seen


@pytest.mark.parametrize(
    "levels",
    [np.full((4, 4), 1e6, "float32"), np.full((4, 4), -1, "int32"), np.full((4, 4), np.nan, "float32")],
    ids=["too large", "negative", "not a number"],
)
def test_levels_of_unknown_range_are_refused(levels):
    with pytest.raises(ImageError, match="the range is unknown. Save it with 8 or 16 bits"):
        read_image(file_of(Image.fromarray(levels), "TIFF"))


@pytest.mark.parametrize(
    ("image", "keywords"),
    [
        (Image.new("RGBA", (4, 4), (9, 9, 9, 0)), {}),
        (Image.new("LA", (4, 4), (9, 0)), {}),
        (Image.new("P", (4, 4), 0), {"transparency": 0}),
        (Image.new("P", (4, 4), 0), {"transparency": b"\0"}),
        (Image.new("L", (4, 4), 9), {"transparency": 9}),
        (Image.new("1", (4, 4), 0), {"transparency": 0}),
        (Image.new("RGB", (4, 4), (9, 8, 7)), {"transparency": (9, 8, 7)}),
        (Image.fromarray(np.full((4, 4), 9, "uint16")), {"transparency": 9}),
    ],
    ids=["RGBA", "LA", "P", "P by alpha", "L", "1", "RGB", "I;16"],
)
def test_what_is_transparent_is_white_in_every_mode(image, keywords):
    assert read_image(file_of(image, **keywords)).min() == 255


def test_half_transparent_ink_is_half_way_to_white():
    assert read_image(file_of(Image.new("RGBA", (4, 4), (0, 0, 0, 128)))).max() == 127


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"


def test_the_content_tells_the_format_and_not_the_ending(tmp_path, monkeypatch):
    from PIL import EpsImagePlugin

    started = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: started.append(True))
    (tmp_path / "x.png").write_bytes(EPS)
    with pytest.raises(ImageError, match=r"x.png can't be read as an image: it is none of PNG, .* and TIFF"):
        read_square(tmp_path / "x.png", 8, 3)
    assert not started
    for kind in ("JPEG", "TIFF", "GIF", "BMP", "WEBP"):
        (tmp_path / "y.png").write_bytes(file_of(Image.new("RGB", (8, 8), "white"), kind).getvalue())
        assert read_square(tmp_path / "y.png", 8, 3).min() >= 250


@pytest.mark.parametrize("suffix", images.SUFFIXES)
def test_every_usual_ending_is_seen_in_a_folder(suffix, tmp_path):
    kind = Image.registered_extensions()[suffix]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(5):
            Image.new("L", (8, 8), 20 * number + 100 * (name == "b")).save(
                tmp_path / name / f"{number}{suffix.upper()}", kind
            )
    source = image_folder.Config(str(tmp_path), size=8).load()
    assert sum(map(len, (source.train, source.validation, source.test))) == 10


@pytest.mark.parametrize("kind", images.FORMATS)
def test_a_truncated_file_is_named(kind, tmp_path):
    whole = file_of(Image.effect_noise((64, 64), 50).convert("RGB"), kind).getvalue()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        ImageError, match="cut.png can't be read as an image: it is damaged|is none of"
    ) as told:
        read_square(tmp_path / "cut.png", 8, 3)
    assert "\n" not in str(told.value)


def test_a_damaged_chunk_is_told(tmp_path):
    whole = bytearray(file_of(Image.effect_noise((64, 64), 50)).getvalue())
    whole[20] ^= 255  # inside the header, whose checksum then fails
    (tmp_path / "bad.png").write_bytes(whole)
    with pytest.raises(ImageError, match="bad.png can't be read"):
        read_square(tmp_path / "bad.png", 8, 3)


def test_a_path_that_is_no_file_is_told(tmp_path):
    with pytest.raises(ImageError, match="none.png can't be read as an image: No such file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="can't be read as an image: Is a directory"):
        read_image(tmp_path)
