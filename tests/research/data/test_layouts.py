"""Small trees in the forms in which the corpora are shipped."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from ttsf.errors import TtsfError
from ttsf.research.data.recorded.layouts import LAYOUTS, SourceVideo, find_videos


def tree(root: Path, *files: str) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def by_key(layout: str, root: Path) -> dict[str, SourceVideo]:
    found = find_videos(layout, root)
    keys = [video.key for video in found]
    assert keys == sorted(keys) and len(set(keys)) == len(keys)
    assert all(video.video.is_absolute() and video.video.is_file() for video in found)
    return {video.key: video for video in found}


def splits(layout: str, root: Path) -> dict[str, str]:
    return {key: video.split for key, video in by_key(layout, root).items()}


def lrs3(root: Path) -> Path:
    return tree(
        root,
        "pretrain/0akiEFwtkyA/00002.mp4",
        "pretrain/0akiEFwtkyA/00002.txt",
        "pretrain/0akiEFwtkyA/00001.mp4",
        "pretrain/0akiEFwtkyA/._00001.mp4",
        "pretrain/.DS_Store",
        "trainval/0akiEFwtkyA/50001.mp4",
        "trainval/0akiEFwtkyA/50001.txt",
        "test/-zJKe_S3Q0w/00003.mp4",
        "test/-zJKe_S3Q0w/00003.txt",
    )


def test_lrs3(tmp_path: Path) -> None:
    found = by_key("lrs3", lrs3(tmp_path))
    assert list(found) == [
        "pretrain/0akiEFwtkyA/00001",
        "pretrain/0akiEFwtkyA/00002",
        "test/-zJKe_S3Q0w/00003",
        "trainval/0akiEFwtkyA/50001",
    ]
    assert found["pretrain/0akiEFwtkyA/00001"].transcript is None
    assert found["pretrain/0akiEFwtkyA/00002"] == SourceVideo(
        key="pretrain/0akiEFwtkyA/00002",
        video=tmp_path / "pretrain/0akiEFwtkyA/00002.mp4",
        source="pretrain/0akiEFwtkyA/00002.mp4",
        dataset="LRS3",
        speaker="0akiEFwtkyA",
        split="train",
        licence="TED terms; withdrawn by its makers",
        transcript=tmp_path / "pretrain/0akiEFwtkyA/00002.txt",
    )
    assert found["test/-zJKe_S3Q0w/00003"].split == "test"


def test_lrs3_one_folder_above(tmp_path: Path) -> None:
    lrs3(tmp_path / "lrs3_v0.4")
    found = by_key("lrs3", tmp_path)
    assert found["test/-zJKe_S3Q0w/00003"].source == "test/-zJKe_S3Q0w/00003.mp4"
    lrs3(tmp_path / "copy")
    with pytest.raises(TtsfError, match=r"holds several corpora \(copy, lrs3_v0\.4\); name one"):
        find_videos("lrs3", tmp_path)


def test_few_speakers_are_held_out(tmp_path: Path) -> None:
    talks = [f"talk{i:04}" for i in range(600)]
    for talk in talks:
        tree(tmp_path, f"pretrain/{talk}/1.mp4", f"trainval/{talk}/2.mp4")
    found = splits("lrs3", tmp_path)
    held_out = [talk for talk in talks if found[f"pretrain/{talk}/1"] == "valid"]
    assert 1 <= len(held_out) <= 18
    assert held_out == [talk for talk in talks if found[f"trainval/{talk}/2"] == "valid"]


LRS2 = (
    "main/5535415699068794046/00001.mp4",
    "main/5535415699068794046/00001.txt",
    "main/5535415699068794046/00002.mp4",
    "main/6330311066473698535/00011.mp4",
    "main/6330311066473698535/00012.mp4",
    "pretrain/5535423430009926848/00003.mp4",
    "pretrain/5535423430009926848/00004.mp4",
)


def lrs2_lists(folder: Path) -> None:
    (folder / "train.txt").write_bytes(b"5535415699068794046/00001\r\n\r\n")
    (folder / "val.txt").write_text("5535415699068794046/00002\n5535415699068794046/00099\n")
    (folder / "test.txt").write_text("6330311066473698535/00011 NF\n")
    (folder / "pretrain.txt").write_text("5535423430009926848/00003")


LRS2_SPLITS = {
    "main/5535415699068794046/00001": "train",
    "main/5535415699068794046/00002": "valid",
    "main/6330311066473698535/00011": "test",
    "pretrain/5535423430009926848/00003": "train",
}


@pytest.mark.parametrize("lists", [".", "mvlrs_v1"])
@pytest.mark.parametrize("given", [".", "mvlrs_v1", ".."])
def test_lrs2(tmp_path: Path, lists: str, given: str) -> None:
    root = tmp_path / "LRS2"
    tree(root / "mvlrs_v1", *LRS2)
    lrs2_lists(root / lists)
    found = by_key("lrs2", Path(os.path.normpath(root / given)))
    assert {key: video.split for key, video in found.items()} == LRS2_SPLITS
    first = found["main/5535415699068794046/00001"]
    assert first.transcript == root / "mvlrs_v1/main/5535415699068794046/00001.txt"
    assert first.source == "main/5535415699068794046/00001.mp4"
    assert (first.dataset, first.speaker) == ("LRS2", "5535415699068794046")
    assert first.licence == "BBC, research agreement needed"
    assert found["main/5535415699068794046/00002"].transcript is None


def test_lrs2_lists_must_exist(tmp_path: Path) -> None:
    root = tree(tmp_path / "mvlrs_v1", *LRS2)
    with pytest.raises(TtsfError, match=r"put train\.txt val\.txt test\.txt beside .*main"):
        find_videos("lrs2", root)
    (root / "test.txt").write_text("6330311066473698535/00011 MV\n")
    with pytest.raises(TtsfError, match=r"lists are missing: put pretrain\.txt beside .*pretrain"):
        find_videos("lrs2", root)
    (root / "pretrain.txt").write_bytes(b"\xff\n")
    with pytest.raises(TtsfError, match=r"pretrain\.txt: the list is not valid UTF-8"):
        find_videos("lrs2", root)
    (root / "pretrain.txt").write_text("")
    (root / "train.txt").write_text("6330311066473698535/00011\n6330311066473698535/00012\n")
    assert splits("lrs2", root) == {
        "main/6330311066473698535/00011": "test",
        "main/6330311066473698535/00012": "train",
    }


VOX_DEV = "mp4/id00012/21Uxsk56VDQ/00001.mp4"
VOX_TEST = "mp4/id00017/01dfn2spqyE/00001.mp4"


def test_voxceleb2(tmp_path: Path) -> None:
    sound = "test/aac/id00017/01dfn2spqyE/00001.m4a"
    root = tree(tmp_path, f"dev/{VOX_DEV}", f"test/{VOX_TEST}", sound)
    found = by_key("voxceleb2", root)
    dev, test = found["dev/id00012/21Uxsk56VDQ/00001"], found["test/id00017/01dfn2spqyE/00001"]
    assert (dev.speaker, dev.split, dev.sound) == ("id00012", "train", None)
    assert (test.speaker, test.split, test.sound) == ("id00017", "test", root / sound)
    assert dev.source == f"dev/{VOX_DEV}" and dev.dataset == "VoxCeleb2"
    assert dev.licence == "CC BY 4.0 metadata; videos remain their owners'"
    assert dev.transcript is None and test.transcript is None


@pytest.mark.parametrize(
    ("around", "given", "part"),
    [
        ("test", "test", "test"),
        ("test", "test/mp4", "test"),
        ("vox2_test_mp4", "vox2_test_mp4", "test"),
        ("latest", "latest", "dev"),
        ("vox2_dev_mp4", "", "dev"),
    ],
)
def test_voxceleb2_bare(tmp_path: Path, around: str, given: str, part: str) -> None:
    tree(tmp_path / around, VOX_DEV, VOX_DEV.replace("mp4", "aac", 1).replace(".mp4", ".m4a"))
    (found,) = find_videos("voxceleb2", tmp_path / given)
    assert found.key == f"{part}/id00012/21Uxsk56VDQ/00001" and found.source == VOX_DEV
    assert found.split == ("test" if part == "test" else "train")
    assert found.sound == tmp_path / around / "aac/id00012/21Uxsk56VDQ/00001.m4a"


def test_grid_of_zenodo(tmp_path: Path) -> None:
    names = [f"s{i}/bbaf2n.mpg" for i in (1, 2, 10, 31, 32, 33, 34)]
    beside = ("alignments/s1/bbaf2n.align", "audio_25k/s1/bbaf2n.wav", "audio_25k/s21/bbaf2n.wav")
    root = tree(tmp_path, *names, *beside, "s1/Thumbs.db", "s1/lbbc1s.MPG")
    found = by_key("grid", root)
    assert found["s1/bbaf2n"] == SourceVideo(
        key="s1/bbaf2n",
        video=root / "s1/bbaf2n.mpg",
        source="s1/bbaf2n.mpg",
        dataset="GRID",
        speaker="s1",
        split="train",
        licence="CC BY 4.0 (Cooke et al. 2006)",
        sound=root / "audio_25k/s1/bbaf2n.wav",
        transcript=root / "alignments/s1/bbaf2n.align",
    )
    assert found["s2/bbaf2n"].transcript is None and found["s2/bbaf2n"].sound is None
    assert {video.speaker: video.split for video in found.values()} == {
        "s1": "train",
        "s2": "train",
        "s10": "train",
        "s31": "valid",
        "s32": "valid",
        "s33": "test",
        "s34": "test",
    }
    assert "s1/lbbc1s" in found


@pytest.mark.parametrize(
    ("video", "align"),
    [
        ("s1/bbaf2n.mpg", "s1/bbaf2n.align"),
        ("s1/bbaf2n.mpg", "s1/align/bbaf2n.align"),
        ("s1/bbaf2n.avi", "align/s1/bbaf2n.align"),
        ("s1/video/bbaf2n.mpg", "s1/align/bbaf2n.align"),
        ("s1/video/bbaf2n.mp4", "s1/video/bbaf2n.align"),
        ("s1/video/bbaf2n.mp4", "s1/bbaf2n.align"),
    ],
)
def test_grid_in_other_forms(tmp_path: Path, video: str, align: str) -> None:
    tree(tmp_path / "grid", video, align)
    (found,) = find_videos("grid", tmp_path)
    assert (found.key, found.source) == ("s1/bbaf2n", video)
    assert found.transcript == tmp_path / "grid" / align


def test_folder(tmp_path: Path) -> None:
    root = tree(
        tmp_path / "My films",
        "alone.MOV",
        "alice/day.1.mp4",
        "alice/day.1.txt",
        "alice/day.1.align",
        "alice/day.1.SRT",
        "alice/day.2.mp4",
        "bob/2020/x.webm",
        "bob/2020/x.txt",
        "bob/notes.txt",
        ".cache/hidden.mp4",
        "alice/.hidden.mp4",
    )
    found = by_key("folder", root)
    assert {key: video.speaker for key, video in found.items()} == {
        "alice/day.1": "alice",
        "alice/day.2": "alice",
        "alone": "alone",
        "bob/2020/x": "bob/2020",
    }
    assert found["alice/day.1"].transcript == root / "alice/day.1.SRT"
    assert found["alice/day.2"].transcript is None
    assert found["bob/2020/x"].transcript == root / "bob/2020/x.txt"
    alone = found["alone"]
    assert (alone.dataset, alone.split, alone.source) == ("My films", "train", "alone.MOV")
    assert alone.licence == "unknown: the user's own"


def test_folder_with_splits(tmp_path: Path) -> None:
    root = tree(
        tmp_path, "Train/ann/1.mp4", "val/2.mp4", "valid/3.mp4", "test/4.mp4", "a/test/5.mp4"
    )
    found = {key: (video.split, video.speaker) for key, video in by_key("folder", root).items()}
    assert found == {
        "Train/ann/1": ("train", "ann"),
        "val/2": ("valid", "2"),
        "valid/3": ("valid", "3"),
        "test/4": ("test", "4"),
        "a/test/5": ("train", "a/test"),
    }


def test_folder_tells_two_suffixes_apart(tmp_path: Path) -> None:
    found = by_key("folder", tree(tmp_path, "a/talk.mp4", "a/talk.mov", "talk.mkv", "a/talk.srt"))
    assert list(found) == ["a/talk.mov", "a/talk.mp4", "talk"]
    assert found["a/talk.mov"].transcript == found["a/talk.mp4"].transcript
    tree(tmp_path, "a/talk.mov.avi")
    with pytest.raises(TtsfError, match=r"talk\.mov and .*talk\.mov\.avi count as the same name"):
        find_videos("folder", tmp_path)


def test_a_video_is_not_called_as_a_piece_of_another(tmp_path: Path) -> None:
    root = tree(
        tmp_path, "talk.mp4", "talk-000.mp4", "talk-1.mp4", "other-000.mp4", "a/talk-000.mp4"
    )
    assert list(by_key("folder", root)) == [
        "a/talk-000",
        "other-000",
        "talk",
        "talk-000.mp4",
        "talk-1",
    ]
    tree(root, "talk.avi", "talk.avi-001.mp4")
    assert set(by_key("folder", root)) > {"talk.avi", "talk.mp4", "talk.avi-001.mp4"}


def test_folder_with_names_of_any_script(tmp_path: Path) -> None:
    video = unicodedata.normalize("NFD", "Zoë/Grüße.mp4")
    text = unicodedata.normalize("NFC", "Grüße.srt")
    root = tree(tmp_path, video, "日本/動画 1.mp4", "日本/動画 1.txt")
    tree(root / unicodedata.normalize("NFD", "Zoë"), text)
    found = by_key("folder", root)
    assert list(found) == ["Zoë/Grüße", "日本/動画 1"]
    greeting = found["Zoë/Grüße"]
    assert greeting.speaker == "Zoë" and greeting.transcript is not None
    assert unicodedata.normalize("NFC", greeting.transcript.name) == text
    assert root / greeting.source == greeting.video
    assert found["日本/動画 1"].transcript == root / "日本/動画 1.txt"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_folder_with_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.mp4")).touch()
    with pytest.raises(TtsfError, match=r"caf\\udce9\.mp4' is not UTF-8; rename it"):
        find_videos("folder", tmp_path)


def test_folder_given_as_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path / "films", "a.mp4"))
    (found,) = find_videos("folder", Path("."))
    assert found.dataset == "films" and found.video == tmp_path / "films/a.mp4"


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("lrs3", "pretrain|trainval|test/ID/00001.mp4"),
        ("lrs2", "mvlrs_v1/main|pretrain/ID/00001.mp4, named in its lists"),
        ("voxceleb2", "dev|test/mp4/id00012/ID/00001.mp4"),
        ("grid", "s1/NAME.mpg or s1/video/NAME.mpg"),
        ("folder", "files of type .mp4 .mov .mkv .avi .webm .m4v .mpg .mpeg"),
    ],
)
def test_nothing_found(tmp_path: Path, layout: str, expected: str) -> None:
    tree(tmp_path, "readme.txt", "inner/.x.mp4")
    with pytest.raises(TtsfError) as caught:
        find_videos(layout, tmp_path)
    assert str(caught.value) == f"no videos in {tmp_path}; layout {layout} expects {expected}"


def test_unknown_layout_and_missing_folder(tmp_path: Path) -> None:
    assert set(LAYOUTS) == {"lrs3", "lrs2", "voxceleb2", "grid", "folder"}
    with pytest.raises(TtsfError) as caught:
        find_videos("lrs4", tmp_path)
    assert str(caught.value) == (
        "unknown layout 'lrs4'; choose one of folder, grid, lrs2, lrs3, voxceleb2"
    )
    with pytest.raises(TtsfError, match=r"no folder .*nowhere"):
        find_videos("folder", tmp_path / "nowhere")
