"""metrics.csv survives kills; TensorBoard itself reads the events."""

import pytest

from biomimic.errors import BadFile
from biomimic.training import events, metrics
from biomimic.training.metrics import Metrics


def _row(step, **more):
    return {"stage": "ppo", "step": step, "seconds": step / 10, "return": step / 3, **more}


def test_rows_are_appended_and_columns_added(tmp_path):
    file = Metrics(tmp_path)
    file.add(_row(10))
    file.add(_row(20))
    assert (tmp_path / "metrics.csv").read_text() == "stage,step,seconds,return\nppo,10,1,3.333333\nppo,20,2,6.666667\n"
    file.add({"stage": "evaluation", "step": 20, "success": 0.5})
    assert (tmp_path / "metrics.csv").read_text().splitlines() == [
        "stage,step,seconds,return,success",
        "ppo,10,1,3.333333,",
        "ppo,20,2,6.666667,",
        "evaluation,20,,,0.5",
    ]


def test_a_row_cut_short_and_rows_after_the_checkpoint_are_dropped(tmp_path):
    file = Metrics(tmp_path)
    for step in (10, 20, 30):
        file.add(_row(step))
    file.add({"stage": "labels", "step": 99, "count": 5})
    file.close()
    path = tmp_path / "metrics.csv"
    path.write_text(path.read_text() + "ppo,40,4,13.3")
    again = Metrics(tmp_path, after={"ppo": 20})
    assert [(row["stage"], row["step"]) for row in again.rows] == [("ppo", "10"), ("ppo", "20"), ("labels", "99")]
    again.add(_row(30))
    assert path.read_text().splitlines()[-1] == "ppo,30,3,10,"
    assert [row["step"] for row in metrics.read(path)[1]] == ["10", "20", "99", "30"]
    assert Metrics(tmp_path).rows == [] and metrics.read(path)[1] == []


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "metrics.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadFile, match="has no columns stage and step"):
        Metrics(tmp_path)


def test_the_check_value_of_crc32c():
    assert events.crc32c(b"123456789") == 0xE3069283  # RFC 3720, B.4 (check value of CRC-32C)
    assert events.crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


@pytest.mark.oracle
def test_tensorboard_reads_the_events(tmp_path):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator", reason="no TensorBoard here")
    file = Metrics(tmp_path)
    for step in (10, 20, 300_000):
        file.add(_row(step))
    file.close()
    again = Metrics(tmp_path, after={"ppo": 20})
    again.add(_row(30, note="a word"))
    again.close()
    reader = loader.EventAccumulator(str(tmp_path / "tensorboard"))
    reader.Reload()
    assert set(reader.Tags()["scalars"]) == {"ppo/return", "ppo/seconds"}
    found = reader.Scalars("ppo/return")
    assert [event.step for event in found] == [10, 20, 30]
    assert found[2].value == pytest.approx(10) and found[1].wall_time - found[0].wall_time == pytest.approx(1)
