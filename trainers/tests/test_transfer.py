"""Transfer of datasets and artifacts: checksums, cache, retry, multipart."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from client import TrainerClient
from platform_double import Platform

from trainer_sdk.cache import ChecksumMismatch, ContentCache
from trainer_sdk.dataset import canonical_hash

CLASSES = ["a", "b"]
SIDES = {"width": 1, "height": 1}


def images(count: int = 40, prefix: str = "image") -> list[tuple[str, bytes, str, str]]:
    return [
        (f"a/{number}.png", f"{prefix} {number}".encode() * 50, CLASSES[number % 2], "train")
        for number in range(count)
    ]


def run(fake: TrainerClient, platform: Platform, dataset: dict[str, Any] | None, **config: Any) -> dict[str, Any]:
    attempt = platform.attempt()
    fake.accepted(platform.job(attempt, dataset=dataset, config={"behaviour": "download", **config}))
    return platform.wait_end(attempt)


def test_a_dataset_is_downloaded_once(fake: TrainerClient, platform: Platform) -> None:
    dataset = platform.dataset(images(), CLASSES)
    assert run(fake, platform, dataset)["type"] == "completed"
    before = sum(platform.gets.values())
    asked = platform.calls["images"]
    assert run(fake, platform, dataset)["type"] == "completed"
    assert sum(platform.gets.values()) == before + 1  # only the manifest
    assert platform.calls["images"] == asked


def test_urls_are_asked_for_in_batches_and_only_of_images_that_the_cache_lacks(
    fake: TrainerClient, platform: Platform
) -> None:
    old, new = images(5), images(450, "new")[5:]
    assert run(fake, platform, platform.dataset(old, CLASSES))["type"] == "completed"
    attempt = platform.attempt()
    dataset = platform.dataset([*old, *new], CLASSES)
    fake.accepted(platform.job(attempt, dataset=dataset, config={"behaviour": "download"}))
    assert platform.wait_end(attempt)["type"] == "completed"
    assert [len(paths) for paths in attempt.asked] == [200, 200, 45]
    assert sum(attempt.asked, []) == [path for path, *_ in new]


def test_an_expired_image_url_is_asked_for_again(fake: TrainerClient, platform: Platform) -> None:
    platform.faults["GET"] = lambda call: 403 if call == 5 else None
    attempt = platform.attempt()
    dataset = platform.dataset(images(), CLASSES)
    fake.accepted(platform.job(attempt, dataset=dataset, config={"behaviour": "download"}))
    assert platform.wait_end(attempt)["type"] == "completed"
    assert [len(paths) for paths in attempt.asked] == [40, 1]


@pytest.mark.parametrize("answer", [{}, {"images": None}, {"images": ["a/0.png"]}, {"images": []}])
def test_an_answer_without_the_urls_is_a_clear_failure(
    fake: TrainerClient, platform: Platform, answer: Any
) -> None:
    platform.answers["images"] = answer
    end = run(fake, platform, platform.dataset(images(), CLASSES))
    assert (end["code"], end["category"]) == ("STORAGE_ERROR", "transient")


def test_a_job_whose_attempt_has_ended_stops_when_it_asks_for_urls(fake: TrainerClient, platform: Platform) -> None:
    platform.faults["images"] = lambda call: 410
    attempt = platform.attempt()
    dataset = platform.dataset(images(), CLASSES)
    request = platform.job(attempt, dataset=dataset, config={"behaviour": "download"})
    fake.accepted(request)
    platform.wait(lambda: fake.get("/health")[1]["busy"] == 0)
    assert fake.get(f"/v1/jobs/{request['jobId']}")[1]["state"] == "cancelled"
    assert sum(platform.gets.values()) == 1  # only the manifest


def test_two_jobs_may_download_the_same_dataset_at_once(fake: TrainerClient, platform: Platform) -> None:
    dataset = platform.dataset(images(200), CLASSES)
    attempts = [platform.attempt(), platform.attempt()]
    for attempt in attempts:
        fake.accepted(platform.job(attempt, dataset=dataset, config={"behaviour": "download"}))
    assert [platform.wait_end(attempt)["type"] for attempt in attempts] == ["completed", "completed"]


def test_downloads_survive_a_flaky_store(fake: TrainerClient, platform: Platform) -> None:
    platform.faults["GET"] = lambda call: (503, "drop", None, None)[call % 4]
    assert run(fake, platform, platform.dataset(images(), CLASSES))["type"] == "completed"


def test_an_interrupted_download_is_repeated(fake: TrainerClient, platform: Platform) -> None:
    platform.faults["GET"] = lambda call: "cut" if call in (1, 2, 5) else None
    assert run(fake, platform, platform.dataset(images(), CLASSES))["type"] == "completed"


def test_downloads_use_few_connections(fake: TrainerClient, platform: Platform) -> None:
    run(fake, platform, platform.dataset(images(200), CLASSES))
    assert platform.connections <= 8 + 3


def test_a_manifest_with_another_hash_is_refused(fake: TrainerClient, platform: Platform) -> None:
    end = run(fake, platform, {**platform.dataset(images(), CLASSES), "manifestSha256": "0" * 64})
    assert (end["code"], end["category"]) == ("DATASET_CHECKSUM_MISMATCH", "permanent")
    assert "expected 0000" in end["detail"]
    assert platform.calls["images"] == 0


def test_the_hash_of_a_manifest_leaves_the_keys_out() -> None:
    path = '{"path":"a,\\"key\\":\\"b.png","split":"train"'
    with_key, without = f'{path},"key":"datasets/1/x"}}\n'.encode(), f"{path}}}\n".encode()
    expected = hashlib.sha256(without * 2).hexdigest()
    assert canonical_hash([with_key, with_key]) == canonical_hash([without, with_key]) == expected
    assert canonical_hash([with_key.replace(b"train", b"val"), with_key]) != expected


def test_an_image_with_other_bytes_is_refused_by_name(fake: TrainerClient, platform: Platform) -> None:
    dataset = platform.dataset(images(), CLASSES)
    victim = next(key for key, data in platform.objects.items() if data == images()[7][1])
    platform.objects[victim] = images()[7][1].replace(b"image", b"imagf")
    end = run(fake, platform, dataset)
    assert end["code"] == "DATASET_CHECKSUM_MISMATCH"
    assert "a/7.png" in end["message"]
    assert platform.gets[victim] == 3


def test_a_missing_image_is_permanent_and_an_expired_url_transient(fake: TrainerClient, platform: Platform) -> None:
    dataset = platform.dataset(images(), CLASSES)
    del platform.objects[next(key for key, data in platform.objects.items() if data == images()[3][1])]
    end = run(fake, platform, dataset)
    assert (end["code"], end["category"]) == ("STORAGE_ERROR", "permanent")
    assert "secret-signature" not in str(end)
    platform.faults["GET"] = lambda call: 403
    assert run(fake, platform, dataset)["category"] == "transient"


@pytest.mark.parametrize(
    "line",
    [
        {"path": "x", "sha256": "../../etc/passwd", "size": 1, **SIDES, "class": "a", "split": "train"},
        {"path": "x", "sha256": "0" * 64, "size": 1, **SIDES, "class": "zebra", "split": "train"},
        {"path": "x", "sha256": "0" * 64, "size": 1, **SIDES, "class": "a", "split": "holdout"},
        {"path": "x"},
    ],
)  # fmt: skip
def test_a_malformed_manifest_line_is_refused(fake: TrainerClient, platform: Platform, line: dict[str, Any]) -> None:
    end = run(fake, platform, platform.manifest([line], CLASSES))
    assert (end["code"], end["category"]) == ("DATASET_INVALID", "user")


def test_a_path_in_the_manifest_never_names_a_file(
    fake: TrainerClient, platform: Platform, settings: Any
) -> None:
    rows = [("../../../../escaped.png", b"image", "a", "train"), ("/tmp/escaped.png", b"other", "b", "train")]
    assert run(fake, platform, platform.dataset(rows, CLASSES))["type"] == "completed"
    files = [path for path in settings.cache_dir.parent.rglob("*") if path.is_file() and path.suffix == ".png"]
    assert files == []


def upload(fake: TrainerClient, platform: Platform, size: int) -> tuple[Any, dict[str, Any]]:
    attempt = platform.attempt()
    fake.accepted(platform.job(attempt, config={"behaviour": "upload", "count": size}))
    return attempt, platform.wait_end(attempt)


def test_an_upload_survives_a_flaky_store_and_platform(fake: TrainerClient, platform: Platform) -> None:
    platform.faults["PUT"] = lambda call: (500, "drop", 503, None)[min(call - 1, 3)]
    platform.faults["uploads"] = lambda call: 502 if call == 1 else None
    attempt, end = upload(fake, platform, 100_000)
    assert end["type"] == "completed", end
    event = attempt.of_type("checkpoint")[0]
    data = platform.stored(event["key"])
    assert (event["size"], event["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert (event["name"], event["best"], event["epoch"]) == ("epoch-0001.pt", True, 1)


def test_an_upload_whose_answer_is_lost_is_stored_once(fake: TrainerClient, platform: Platform) -> None:
    platform.lost_puts = 1
    attempt, end = upload(fake, platform, 1000)
    assert end["type"] == "completed", end
    assert len(attempt.uploads) == 1
    assert hashlib.sha256(platform.stored(attempt.of_type("checkpoint")[0]["key"])).hexdigest() == attempt.of_type("checkpoint")[0]["sha256"]


def test_an_expired_upload_url_is_replaced(fake: TrainerClient, platform: Platform) -> None:
    platform.faults["PUT"] = lambda call: 403 if call == 1 else None
    attempt, end = upload(fake, platform, 1000)
    assert end["type"] == "completed"
    assert len(attempt.uploads) == 2


def test_a_large_file_goes_up_in_equal_parts(fake: TrainerClient, platform: Platform) -> None:
    platform.multipart_above = 1_000_000
    platform.part_size = 700_000
    platform.faults["PUT"] = lambda call: 500 if call == 2 else None
    attempt, end = upload(fake, platform, 2_500_001)
    assert end["type"] == "completed", end
    event = attempt.of_type("checkpoint")[0]
    assert sorted(len(part) for part in platform.parts[event["key"]].values()) == [400_001, 700_000, 700_000, 700_000]
    assert hashlib.sha256(platform.stored(event["key"])).hexdigest() == event["sha256"]


def test_an_upload_for_an_unwanted_attempt_stops_the_job(fake: TrainerClient, platform: Platform) -> None:
    platform.faults["uploads"] = lambda call: 410
    attempt = platform.attempt()
    request = platform.job(attempt, config={"behaviour": "upload", "count": 10})
    fake.accepted(request)
    platform.wait(lambda: fake.get("/health")[1]["busy"] == 0)
    assert not [event for event in attempt.events if event["type"] in ("completed", "failed")]
    assert fake.get(f"/v1/jobs/{request['jobId']}")[1]["state"] == "cancelled"


def store(cache: ContentCache, data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    cache.store(sha256, lambda write: write(data))
    return sha256


def test_the_cache_drops_the_least_recently_used_files(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path, 2500)
    hashes = [store(cache, bytes([number]) * 1000) for number in range(3)]
    for age, sha256 in zip((10, 30, 20), hashes, strict=True):
        os.utime(cache.path(sha256), (time.time() - age,) * 2)
    assert cache.find(hashes[1]) is not None  # used now
    assert cache.evict() == 1000
    assert [cache.find(sha256) is not None for sha256 in hashes] == [True, True, False]


def test_the_cache_keeps_files_that_a_job_holds(tmp_path: Path) -> None:
    cache, other = ContentCache(tmp_path, 0), ContentCache(tmp_path, 0)
    held, free = store(cache, b"held"), store(cache, b"free")
    with other.lease([held]):
        cache.evict()
        assert cache.find(held) is not None
        assert cache.find(free) is None
    cache.evict()
    assert cache.find(held) is None


def test_a_lease_ends_with_its_process(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path, 0)
    held = store(cache, b"held")
    pid = os.fork()
    if pid == 0:
        cache.lease([held]).__enter__()
        os._exit(0)
    os.waitpid(pid, 0)
    cache.evict()
    assert cache.find(held) is None
    assert [path.name for path in (tmp_path / "leases").iterdir()] == ["evict.lock"]


def test_wrong_bytes_leave_nothing_in_the_cache(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path, 100)
    with pytest.raises(ChecksumMismatch):
        cache.store("0" * 64, lambda write: write(b"something"))
    assert cache.find("0" * 64) is None
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "0" * 63 + "/", ""])
def test_only_a_hash_names_a_cached_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        ContentCache(tmp_path, 100).path(name)


def test_cached_files_fit_the_limit_after_a_job(start: Callable[..., TrainerClient], platform: Platform) -> None:
    fake = start(cache_max_bytes=5_000)
    assert run(fake, platform, platform.dataset(images(40), CLASSES))["type"] == "completed"
    assert run(fake, platform, platform.dataset(images(2, "later"), CLASSES))["type"] == "completed"
    cache = fake.service.settings.cache_dir
    assert sum(path.stat().st_size for path in (cache / "objects").rglob("*") if path.is_file()) <= 5_000


