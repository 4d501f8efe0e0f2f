"""What TensorFlow Datasets has prepared, or downloads and prepares; and one clear sentence where it can't."""

import contextlib
import logging
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

from data.source import DataUnavailable

CONNECT_SECONDS = 3  # the library itself retries for minutes before it says that there is no network


def root() -> Path:
    """Where TensorFlow Datasets keeps its sets."""
    return Path(os.environ.get("TFDS_DATA_DIR") or Path.home() / "tensorflow_datasets").expanduser()


def manual_folder() -> Path:
    """Where it looks for what people download by hand."""
    return root() / "downloads" / "manual"


def prepared_builder(name: str, embedded: str, manual: Mapping[str, str] | None = None):
    """The builder of a data set, its data prepared on disk.

    Args:
        name: In the catalogue of TensorFlow Datasets, or of `data.builders`.
        embedded: The source to use instead, of `data.SOURCES`.
        manual: Files that people download by hand, and from where.

    Raises:
        DataUnavailable: The data are not here and can't be downloaded, or are broken.
    """
    import tensorflow_datasets as tfds  # over a second: only for those who use it

    import data.builders  # noqa: F401, to be found by name

    logging.getLogger("absl").setLevel(logging.ERROR)  # its hints are for authors of builders
    tfds.disable_progress_bar()
    builder = tfds.builder(name, data_dir=root())
    if builder.is_prepared():
        return builder
    for file, origin in (manual or {}).items():
        if not (manual_folder() / file).is_file():
            raise DataUnavailable(
                f"{name}: {file} is not in {manual_folder()}. Get it from {origin} and put it there, or use "
                f"the embedded source: {embedded}"
            )
    for url in missing_downloads(builder):
        _check_reachable(url, builder, embedded)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # it tells of its work; what is printed is ours
            builder.download_and_prepare()
    except Exception as error:  # the library raises many kinds; each means that there is no data
        raise DataUnavailable(
            f"{name}: preparing it in {builder.data_path.parent} failed: {_first_line(error)}. Mend that, "
            f"or use the embedded source: {embedded}"
        ) from error
    return builder


def missing_downloads(builder) -> list[str]:
    """The URLs that the builder will fetch because no finished download is on disk."""
    from tensorflow_datasets.core.download import resource

    folder = builder.data_path.parent.parent / "downloads"  # of <data_dir>/<name>/<version>
    return [
        url
        for url, info in builder.url_infos.items()
        if not any(
            (place / resource.get_dl_fname(url, info.checksum)).exists()
            for place in (folder, folder / builder.name)
        )
    ]


def _check_reachable(url: str, builder, embedded: str) -> None:
    """Raise DataUnavailable within seconds where the host of `url` does not answer."""
    host = urlparse(url).hostname
    port = 443 if url.startswith("https") else 80
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        raise DataUnavailable(
            f"{builder.name}: {host} does not answer ({_first_line(error)}), so {url} can't be downloaded. "
            f"Go online once, or copy a prepared {builder.name} folder into "
            f"{builder.data_path.parent.parent}, or use the embedded source: {embedded}"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")
