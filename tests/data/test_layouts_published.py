"""UCF101, HMDB51, 20BN-Jester and Kinetics, as they are published."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.trees import left_out, rows, tree
from vidclf.data import read_manifest
from vidclf.data.layouts import import_clips
from vidclf.errors import ManifestError

UCF101 = {
    "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi": "",
    "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi": "",
    "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c02.avi": "",
    "UCF-101/Archery/v_Archery_g01_c01.avi": "",
    "UCF-101/Archery/v_Archery_g08_c01.avi": "",
    "ucfTrainTestlist/classInd.txt": "1 ApplyEyeMakeup\r\n2 Archery\r\n",
    "ucfTrainTestlist/trainlist01.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\r\n"
    "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c02.avi 1\r\nArchery/v_Archery_g08_c01.avi 2\r\n",
    "ucfTrainTestlist/testlist01.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi\r\n"
    "Archery/v_Archery_g01_c01.avi\r\n",
    "ucfTrainTestlist/trainlist02.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 1\r\n",
    "ucfTrainTestlist/testlist02.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi\r\n",
}


def test_ucf101_is_read_with_its_groups(tmp_path: Path) -> None:
    found = import_clips(tree(tmp_path, UCF101))
    assert found.layout == "ucf101"
    assert found.skipped == ()
    makeup, archery = "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup", "UCF-101/Archery/v_Archery"
    # g01 of one class is another recording than g01 of the other.
    assert rows(found) == [
        (f"{makeup}_g08_c01.avi", "ApplyEyeMakeup", "ApplyEyeMakeup_g08", "train"),
        (f"{makeup}_g08_c02.avi", "ApplyEyeMakeup", "ApplyEyeMakeup_g08", "train"),
        (f"{archery}_g08_c01.avi", "Archery", "Archery_g08", "train"),
        (f"{makeup}_g01_c01.avi", "ApplyEyeMakeup", "ApplyEyeMakeup_g01", "test"),
        (f"{archery}_g01_c01.avi", "Archery", "Archery_g01", "test"),
    ]
    assert read_manifest(tmp_path) == found.manifest


def test_another_split_of_ucf101_is_chosen(tmp_path: Path) -> None:
    root = tree(tmp_path, UCF101)
    assert {name[-11:]: split for name, _, _, split in rows(import_clips(root, official_split=2))} == {
        "g01_c01.avi": "train",
        "g08_c01.avi": "test",
    }
    with pytest.raises(ManifestError, match=r"trainlist03\.txt.*--official-split"):
        import_clips(root, official_split=3)


def test_lists_and_videos_may_lie_apart(tmp_path: Path) -> None:
    tree(tmp_path, UCF101)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "UCF-101").rename(tmp_path / "elsewhere" / "videos")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "disk").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "linked" / "circle").symlink_to(tmp_path / "linked")
    found = import_clips(tmp_path / "ucfTrainTestlist", root=tmp_path / "linked")
    assert rows(found)[0][0] == "disk/videos/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi"
    assert all(entry.path.is_file() for entry in found.manifest.entries)


def test_what_ucf101_lists_and_is_wrong_is_told(tmp_path: Path) -> None:
    train = "ucfTrainTestlist/trainlist01.txt"
    tree(
        tmp_path, {**UCF101, train: UCF101[train] + "Archery/v_Archery_g09_c01.avi 2\r\nArchery/x.avi 1\r\nnoise\r\n"}
    )
    assert left_out(import_clips(tmp_path)) == {
        "Archery/v_Archery_g09_c01.avi": (f"there is no such video below {tmp_path}", True),
        "trainlist01.txt, line 5: Archery/x.avi 1": ("it does not agree with the classes in classInd.txt", True),
        "trainlist01.txt, line 6: noise": ("it does not agree with the classes in classInd.txt", True),
    }


def test_videos_encoded_anew_are_found_and_namesakes_told_apart(tmp_path: Path) -> None:
    tree(tmp_path, UCF101)
    video = tmp_path / "UCF-101/Archery/v_Archery_g08_c01.avi"
    video.rename(video.with_suffix(".mp4"))
    tree(tmp_path, {"extra/Other/v_Archery_g01_c01.avi": ""})
    names = [name for name, label, _, _ in rows(import_clips(tmp_path)) if label == "Archery"]
    assert names == ["UCF-101/Archery/v_Archery_g08_c01.mp4", "UCF-101/Archery/v_Archery_g01_c01.avi"]
    tree(tmp_path, {"copy/Archery/v_Archery_g01_c01.avi": ""})
    assert "Archery/v_Archery_g01_c01.avi" in left_out(import_clips(tmp_path))


HMDB51 = {
    "brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi": "",
    "brush_hair/Brunette_(hot)!_brush_hair_u_cm_np2_le_goo_1.avi": "",
    "brush_hair/sarah_brushing_hair_brush_hair_h_cm_np1_ri_goo_0.avi": "",
    "wave/20060723sfjffbartsinger_wave_f_cm_np1_ba_med_0.avi": "",
    "testTrainMulti_7030_splits/brush_hair_test_split1.txt": "April_09_brush_hair_u_nm_np1_ba_goo_0.avi 1 \n"
    "Brunette_(hot)!_brush_hair_u_cm_np2_le_goo_1.avi 2 \nsarah_brushing_hair_brush_hair_h_cm_np1_ri_goo_0.avi 0 \n",
    "testTrainMulti_7030_splits/wave_test_split1.txt": "20060723sfjffbartsinger_wave_f_cm_np1_ba_med_0.avi 1 \n"
    "gone_wave_f_cm_np1_ba_med_0.avi 2 \nodd.avi 7 \n",
    "testTrainMulti_7030_splits/wave_test_split2.txt": "20060723sfjffbartsinger_wave_f_cm_np1_ba_med_0.avi 2 \n",
}


def test_hmdb51_is_read(tmp_path: Path) -> None:
    found = import_clips(tree(tmp_path, HMDB51))
    assert found.layout == "hmdb51"
    assert rows(found) == [
        ("brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi", "brush_hair", "", "train"),
        ("brush_hair/Brunette_(hot)!_brush_hair_u_cm_np2_le_goo_1.avi", "brush_hair", "", "test"),
        ("wave/20060723sfjffbartsinger_wave_f_cm_np1_ba_med_0.avi", "wave", "", "train"),
    ]
    assert left_out(found) == {
        "sarah_brushing_hair_brush_hair_h_cm_np1_ri_goo_0.avi": ("it is in neither part of split 1", False),
        "wave/gone_wave_f_cm_np1_ba_med_0.avi": (f"there is no such video below {tmp_path}", True),
        "wave_test_split1.txt, line 3": ("it does not end with 0, 1 or 2", True),
    }
    assert [split for *_, split in rows(import_clips(tmp_path, official_split=2))] == ["test"]
    with pytest.raises(ManifestError, match="_test_split3"):
        import_clips(tmp_path, official_split=3)


JESTER = {
    "20bn-jester-v1/1/00001.jpg": "",
    "20bn-jester-v1/1/00002.jpg": "",
    "20bn-jester-v1/2/00001.jpg": "",
    "20bn-jester-v1/3/00001.jpg": "",
    "annotations/jester-v1-labels.csv": "Swiping Left\nNo gesture\n",
    "annotations/jester-v1-train.csv": "1;Swiping Left\n4;No gesture\n2;Swiping Lft\n",
    "annotations/jester-v1-validation.csv": "2;No gesture\n",
    "annotations/jester-v1-test.csv": "3\n",
    "annotations/jester-v1-train-quick-testing.csv": "1;Swiping Left\n",
}


@pytest.mark.parametrize("folder", ["", "annotations"])
def test_jester_is_read(tmp_path: Path, folder: str) -> None:
    tree(tmp_path, JESTER)
    found = import_clips(tmp_path / folder, root=tmp_path)
    assert found.layout == "jester"
    assert rows(found) == [
        ("20bn-jester-v1/1", "Swiping Left", "", "train"),
        ("20bn-jester-v1/2", "No gesture", "", "val"),
    ]
    assert found.manifest.entries[0].path == tmp_path / "20bn-jester-v1/1"
    assert left_out(found) == {
        "3": ("it has no label, as is usual in the test list", False),
        "4": (f"there is no folder of frames for it below {tmp_path}", True),
        "jester-v1-train.csv, line 3: Swiping Lft": ("its class is not in the list of labels", True),
    }


def test_one_list_of_jester_is_read_alone(tmp_path: Path) -> None:
    tree(tmp_path, JESTER)
    found = import_clips(tmp_path / "annotations/jester-v1-validation.csv", root=tmp_path / "20bn-jester-v1")
    assert rows(found) == [("2", "No gesture", "", "val")]
    assert found.skipped == ()


KINETICS = {
    "train/abseiling/-3B32lodo2M_000059_000069.mp4": "",
    "train/air_drumming/_dbcJuKJQNs_000001_000011.mkv": "",
    "val/abseiling/0wR5jVB-WPk_000417_000427.mp4": "",
    "kinetics_train.csv": "label,youtube_id,time_start,time_end,split,is_cc\n"
    'abseiling,-3B32lodo2M,59,69,train,0\n"air drumming",_dbcJuKJQNs,1,11,train,0\n'
    "abseiling,gone0000000,0,10,train,0\nabseiling,-3B32lodo2M,soon,69,train,0\nabseiling,-3B32lodo2M,59,69,trian,0\n",
    "kinetics_val.csv": "label,youtube_id,time_start,time_end,split\nabseiling,0wR5jVB-WPk,417,427,validate\n",
    "kinetics_test.csv": "youtube_id,time_start,time_end,split\n---v8pgm1eQ,0,10,test\n",
}


def test_kinetics_is_read_as_far_as_it_was_downloaded(tmp_path: Path) -> None:
    found = import_clips(tree(tmp_path, KINETICS))
    assert found.layout == "kinetics"
    assert rows(found) == [
        ("train/abseiling/-3B32lodo2M_000059_000069.mp4", "abseiling", "-3B32lodo2M", "train"),
        ("train/air_drumming/_dbcJuKJQNs_000001_000011.mkv", "air drumming", "_dbcJuKJQNs", "train"),
        ("val/abseiling/0wR5jVB-WPk_000417_000427.mp4", "abseiling", "0wR5jVB-WPk", "val"),
    ]
    assert left_out(found) == {
        "---v8pgm1eQ_000000_000010.mp4": ("it has no label, as is usual in the test table", False),
        "gone0000000_000000_000010.mp4": (f"it was not downloaded: there is no such video below {tmp_path}", False),
        "kinetics_train.csv, line 5": ("time_start or time_end is no number of seconds", True),
        "kinetics_train.csv, line 6": ("youtube_id is empty, or split is none of train, val, test", True),
    }


def test_one_table_of_kinetics_is_read_alone(tmp_path: Path) -> None:
    tree(tmp_path, KINETICS)
    assert [name for name, *_ in rows(import_clips(tmp_path / "kinetics_val.csv"))] == [
        "val/abseiling/0wR5jVB-WPk_000417_000427.mp4"
    ]


def test_parts_of_a_video_that_kinetics_tests_on_are_not_trained_on(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "a_000000_000010.mp4": "",
            "a_000020_000030.mp4": "",
            "b_000000_000010.mp4": "",
            "k.csv": "label,youtube_id,time_start,time_end,split\n"
            "wave,a,0,10,train\nwave,a,20,30,test\nnod,b,0,10,train\n",
        },
    )
    found = import_clips(tmp_path)
    assert [(group, split) for _, _, group, split in rows(found)] == [("a", "test"), ("b", "train")]
    assert left_out(found) == {"a_000000_000010.mp4": ("another part of its video is tested or validated on", False)}


def test_a_manifest_that_keeps_the_columns_of_kinetics_is_a_manifest(tmp_path: Path) -> None:
    table = "path,label,youtube_id,time_start,time_end\na.mp4,wave,x,0,10\n"
    assert import_clips(tree(tmp_path, {"a.mp4": "", "m.csv": table}) / "m.csv").layout == "csv"


def test_where_nothing_is_found_the_reasons_are_told(tmp_path: Path) -> None:
    tree(tmp_path, {name: text for name, text in KINETICS.items() if name == "kinetics_val.csv"})
    with pytest.raises(ManifestError, match=r"read as kinetics.*not downloaded.*--root"):
        import_clips(tmp_path)


@pytest.mark.parametrize("name", ["ucf101", "hmdb51", "jester", "kinetics", "cvat", "label-studio"])
def test_a_layout_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    tree(tmp_path, {"wave/a.mp4": ""})
    with pytest.raises(ManifestError, match=f"it is no {name}, which is told by"):
        import_clips(tmp_path, layout=name)
