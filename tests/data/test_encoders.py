"""Which files make an encoder; tests/data/test_local.py and test_hub.py have those that cannot be used."""

from glossbench.data.encoders import missing_files, wanted_files


def test_files_in_sub_folders_and_shards_beside_whole_weights_are_left_alone():
    names = ["config.json", "model.safetensors", "model-00001-of-00002.safetensors", "vocab.txt"]
    assert wanted_files([*names, "onnx/config.json", "model-/../x-of-1.safetensors"]) == [names[0], names[1], names[3]]
    assert missing_files(names) == ""
