"""Builders for TensorFlow Datasets of the sets that its catalogue has not.

Imported only where a set is prepared or read: the library takes over a second.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core.download.checksums import UrlInfo
from tensorflow_datasets.core.units import Size

from data import multi30k, tatoeba


class _FrenchEnglish(tfds.core.GeneratorBasedBuilder):
    """Pairs of sentences, tidied, in the order of their files."""

    SKIP_REGISTERING = True  # it is no set of its own
    VERSION = tfds.core.Version("1.0.0")
    url_infos: dict[str, UrlInfo] = {}  # noqa: RUF012, as the library has it; else from a file checksums.tsv
    DESCRIPTION, LICENCE, CITATION, HOMEPAGE = "", "", "", ""

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.DESCRIPTION,
            features=tfds.features.FeaturesDict({"fr": tfds.features.Text(), "en": tfds.features.Text()}),
            supervised_keys=("fr", "en"),
            homepage=self.HOMEPAGE,
            citation=self.CITATION,
            license=self.LICENCE,
            disable_shuffling=True,
        )

    def _generate_examples(self, french: Any, english: Any) -> Iterator[tuple[int, dict[str, str]]]:
        for place, (source, target) in enumerate(zip(french, english, strict=True)):
            yield place, {"fr": source, "en": target}


class Multi30kFrEn(_FrenchEnglish):
    """The French and English sentences of Multi30K, in its own splits."""

    name = "multi30k_fr_en"
    url_infos = {  # noqa: RUF012
        multi30k.URL + file: UrlInfo(size=Size(size), checksum=checksum, filename=file)
        for file, (size, checksum) in multi30k.FILES.items()
    }
    DESCRIPTION = "Descriptions of photographs in English and their translations into French."
    LICENCE, CITATION, HOMEPAGE = multi30k.LICENCE, multi30k.CITATION, multi30k.HOMEPAGE

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        files = dl_manager.download({file: multi30k.URL + file for file in multi30k.FILES})
        sentences = {file: multi30k.read_file(Path(path), file) for file, path in files.items()}
        return {
            split: self._generate_examples(sentences[f"{stem}.fr.gz"], sentences[f"{stem}.en.gz"])
            for split, stem in multi30k.SPLITS.items()
        }


class TatoebaFrEn(_FrenchEnglish):
    """French and English sentences of Tatoeba, as manythings.org pairs them; in one split, "train"."""

    name = "tatoeba_fr_en"
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"Get {tatoeba.ARCHIVE} from {tatoeba.HOMEPAGE}."
    DESCRIPTION = "English sentences and their translations into French by the volunteers of Tatoeba."
    LICENCE, CITATION, HOMEPAGE = tatoeba.LICENCE, tatoeba.CITATION, tatoeba.HOMEPAGE

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        pairs = tatoeba.read_archive(Path(dl_manager.manual_dir) / tatoeba.ARCHIVE)
        return {"train": self._generate_examples(pairs.source, pairs.target)}
