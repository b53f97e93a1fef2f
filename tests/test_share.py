import pytest

from biomimic import share
from biomimic.errors import BadFile


def test_checkout_folder_is_found():
    assert (share.folder("reference_data") / "registry.toml").is_file()


def test_both_places_are_named():
    with pytest.raises(BadFile, match=r'"nowhere" was looked for in .*_share.* and in .*nowhere and is in neither'):
        share.folder("nowhere")
