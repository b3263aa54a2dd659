"""The checks, in the order in which they run. Each takes a :class:`Lab` and raises AssertionError with what is wrong."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from ..annotations import BACKGROUND, CLASSIFICATION, PRIMARY_METRIC
from ..mock_platform.datasets import drawn_dataset
from ..mock_platform.pictures import CLASSES, COUNTS, Picture, png
from .client import TrainerClient
from .lab import Lab, NotOffered, check_stored, expect

CHECKS: list[Callable[[Lab], None]] = []


def contract(check: Callable[[Lab], None]) -> Callable[[Lab], None]:
    """Adds a check to the suite. Its name, with blanks, says what holds."""
    CHECKS.append(check)
    return check


@contract
def health_tells_the_framework_and_the_slots(lab: Lab) -> None:
    body = lab.get("/health")
    expect(body.get("status") == "ok", "status is not ok")
    expect(body.get("framework") == lab.capabilities["framework"], "the framework is another one than in capabilities")
    expect(isinstance(body.get("slots"), int) and body["slots"] >= 1, "slots is not a number of at least 1")
    expect(isinstance(body.get("busy"), int), "busy is not a number")


@contract
def capabilities_describe_models_settings_and_exports(lab: Lab) -> None:
    body = lab.capabilities
    wanted = ("protocol", "framework", "version", "taskTypes", "models", "configSchema", "exportFormats", "devices", "slots")
    missing = [name for name in wanted if name not in body]
    expect(not missing, f"capabilities lack {', '.join(missing)}")
    for model in body["models"]:
        strange = set(model["taskTypes"]) - set(body["taskTypes"])
        expect(not strange, f"the model {model['name']} has tasks that the trainer lacks: {strange}")
    names = [field["name"] for field in body["configSchema"]["fields"]]
    expect(len(set(names)) == len(names), "a setting is there twice")
    expect("epochs" in names, "there is no setting epochs")


@contract
def defaults_and_presets_keep_to_the_limits(lab: Lab) -> None:
    fields = {field["name"]: field for field in lab.capabilities["configSchema"]["fields"]}
    for name, field in fields.items():
        expect(field["default"] is None or fits(field, field["default"]), f"the default of {name} breaks its limits")
    for preset, values in lab.capabilities["configSchema"]["presets"].items():
        for name, value in values.items():
            expect(name in fields, f"the preset {preset} has the unknown setting {name}")
            expect(fits(fields[name], value), f"{name} of the preset {preset} breaks its limits")


@contract
def routes_need_the_key(lab: Lab) -> None:
    if lab.trainer.key is None:
        raise NotOffered("no key was given")
    stranger = TrainerClient(lab.trainer.url, "wrong")
    for status, body in (stranger.get("/v1/capabilities"), stranger.post("/v1/jobs", {}), stranger.post("/v1/predict", {})):
        expect((status, body["code"]) == (401, "UNAUTHORIZED"), f"a wrong key is answered {status}")


@contract
def a_body_that_is_not_json_is_refused(lab: Lab) -> None:
    status, body = lab.trainer.post("/v1/jobs", raw=b"{")
    expect((status, body["code"]) == (400, "MALFORMED_JSON"), f"it is answered {status}")


@contract
def a_job_in_another_version_of_the_protocol_waits(lab: Lab) -> None:
    status, body = lab.trainer.post("/v1/jobs", lab.job(lab.platform.attempt(), protocol="1"))
    expect((status, body.get("field")) == (503, "protocol"), f"it is answered {status} {body}")


@contract
def wrong_settings_are_refused_with_the_field(lab: Lab) -> None:
    wrong: dict[str, Any] = {"noSuchSetting": 1}
    for field in lab.capabilities["configSchema"]["fields"]:
        if field["type"] in ("int", "float"):
            if "max" in field:
                wrong[field["name"]] = field["max"] + 1
            elif "min" in field:
                wrong[field["name"]] = field["min"] - 1
            else:
                wrong[field["name"]] = "text"
        else:
            wrong[field["name"]] = {"bool": "yes", "select": "no_such_option", "string": 7}[field["type"]]
    for name, value in wrong.items():
        status, body = lab.trainer.post("/v1/jobs", lab.job(lab.platform.attempt(), config={name: value}))
        expect(
            (status, body.get("code"), body.get("field")) == (422, "INVALID_CONFIG", f"config.{name}"),
            f"{name} = {value!r} is answered {status} {body}",
        )


@contract
def what_the_trainer_does_not_know_is_refused_with_the_field(lab: Lab) -> None:
    cases = (
        ({"model": "no_such_model"}, "UNKNOWN_MODEL", "model"),
        ({"taskType": "mind_reading"}, "UNKNOWN_TASK_TYPE", "taskType"),
        ({"dataset": None}, "INVALID_REQUEST", "dataset"),
        ({"kind": "dream"}, "INVALID_REQUEST", "kind"),
    )
    for change, code, field in cases:
        status, body = lab.trainer.post("/v1/jobs", lab.job(lab.platform.attempt(), **change))
        found = (status, body.get("code"), body.get("field"))
        expect(found == (422, code, field), f"{change} is answered {found}")


@contract
def an_unknown_job_is_not_found(lab: Lab) -> None:
    for status, body in (lab.trainer.get("/v1/jobs/unknown?attempt=1"), lab.trainer.post("/v1/jobs/unknown/cancel?attempt=1")):
        expect((status, body["code"]) == (404, "UNKNOWN_JOB"), f"it is answered {status}")


@contract
def a_training_reports_its_whole_course_in_order(lab: Lab) -> None:
    attempt, end = lab.trained
    started = attempt.of_type("started")[0]
    expect(started["totalEpochs"] == 2, f"started announces {started.get('totalEpochs')} epochs instead of 2")
    expect(started["images"] == COUNTS, f"started counts the images {started['images']} instead of {COUNTS}")
    epochs = [event["epoch"] for event in attempt.of_type("metrics")]
    expect(epochs == [1, 2], f"metrics are of the epochs {epochs}")
    expect(all(event["metrics"] for event in attempt.of_type("metrics")), "an epoch has no metrics")
    expect(end.get("finalMetrics") and end.get("bestMetrics"), "completed has no metrics")
    expect(end.get("bestEpoch") == lab.best["epoch"], "bestEpoch is not that of the last checkpoint marked as best")


@contract
def the_measures_are_those_of_the_task_and_of_the_datasets_classes(lab: Lab) -> None:
    attempt, end = lab.trained
    primary = PRIMARY_METRIC[lab.task]
    expect(primary in end["bestMetrics"], f"bestMetrics lack {primary}")
    validations = attempt.of_type("validation")
    expect({event["split"] for event in validations} == {"val", "test"}, "there is no validation of val and of test")
    for event in validations:
        expect(event["classes"] == list(CLASSES), f"the classes are {event['classes']} instead of {list(CLASSES)}")
        expect(primary in event["metrics"], f"a validation lacks {primary}")
        rows = [row["class"] for row in event["perClass"] if row["class"] != BACKGROUND]
        expect(rows == list(CLASSES), f"the rows of perClass are {rows}")
        if lab.task == CLASSIFICATION:
            counted = sum(map(sum, event["confusionMatrix"]))
            expect(counted == COUNTS[event["split"]], f"the confusion matrix counts {counted} images")


@contract
def stored_checkpoints_are_the_announced_ones(lab: Lab) -> None:
    events = lab.trained[0].of_type("checkpoint")
    expect(events, "there is no checkpoint")
    expect(len({event["name"] for event in events}) == len(events), "two checkpoints have one name")
    for event in events:
        check_stored(lab.platform, event)


@contract
def a_repeated_request_starts_nothing(lab: Lab) -> None:
    attempt, request = lab.start()
    for _ in range(3):
        status, body = lab.trainer.post("/v1/jobs", request)
        expect(status == 202, f"the repeated request is answered {status}: {body}")
    lab.end(attempt)
    expect(len(attempt.of_type("started")) == 1, "the job started more than once")
    count = len(attempt.events)
    status, body = lab.trainer.post("/v1/jobs", request)
    expect((status, body["state"]) == (202, "completed"), f"after the end it is answered {status} {body}")
    expect(len(attempt.events) == count, "events follow the end")


@contract
def a_finished_job_frees_its_slot(lab: Lab) -> None:
    attempt, request = lab.start()
    lab.end(attempt)
    state = lab.get(f"/v1/jobs/{request['jobId']}?attempt=1")["state"]
    expect(state == "completed", f"its state is {state}")
    expect(lab.get("/health")["busy"] == 0, "its slot is still busy")


@contract
def a_cancelled_job_ends_soon(lab: Lab) -> None:
    attempt, request = _endless(lab)
    path = f"/v1/jobs/{request['jobId']}/cancel?attempt=1"
    for _ in range(2):
        expect(lab.trainer.post(path)[0] == 202, "cancel is not answered 202")
    end = lab.end(attempt)
    expect(end.get("code") == "CANCELLED", f"it ended with {end}")
    state = lab.get(f"/v1/jobs/{request['jobId']}?attempt=1")["state"]
    expect(state == "cancelled", f"its state is {state}")


@contract
def a_reply_that_says_cancel_stops_the_job(lab: Lab) -> None:
    attempt, _ = _endless(lab)
    attempt.cancel = True
    expect(lab.end(attempt).get("code") == "CANCELLED", "the job went on")


@contract
def lost_callbacks_are_sent_again_and_each_event_arrives_once(lab: Lab) -> None:
    answers = ["drop", "drop-after", 503, None, "drop-after", 500, None, 429]
    lab.platform.faults["events"] = lambda call: answers[call % len(answers)]
    try:
        attempt, _ = lab.completed()
    finally:
        del lab.platform.faults["events"]
    expect([event["epoch"] for event in attempt.of_type("metrics")] == [1, 2], "an epoch is missing or there twice")


@contract
def a_job_that_the_platform_does_not_want_stops_and_says_nothing_more(lab: Lab) -> None:
    attempt, request = _endless(lab)
    lab.platform.faults["events"] = lambda call: 410
    try:
        deadline = time.monotonic() + lab.timeout
        while lab.get(f"/v1/jobs/{request['jobId']}?attempt=1")["state"] == "running":
            expect(time.monotonic() < deadline, "the job went on")
            time.sleep(0.05)
        calls = lab.platform.calls["events"]
        lab.get("/health")
        expect(lab.platform.calls["events"] == calls, "it sends events after 410")
    finally:
        del lab.platform.faults["events"]
    expect(not attempt.of_type("completed"), "it completed")


@contract
def expired_urls_are_asked_for_again(lab: Lab) -> None:
    seen: dict[str, int] = {}

    def expired(method: str) -> Callable[[int], Any]:
        def answer(_: int) -> Any:
            seen[method] = seen.get(method, 0) + 1
            return 403 if seen[method] in (2, 3) else None

        return answer

    # Pictures that no cache has, so that they are downloaded.
    fresh = [Picture(f"fresh/{n}.png", "train", png(64, 64, [uuid.uuid4().bytes * 12] * 64), CLASSES[n % 3], []) for n in range(6)]
    lab.platform.faults |= {"GET": expired("GET"), "PUT": expired("PUT")}
    try:
        lab.completed(dataset=drawn_dataset(lab.platform, lab.task, fresh))
    finally:
        del lab.platform.faults["GET"], lab.platform.faults["PUT"]
    expect(seen.get("GET", 0) > 3 and seen.get("PUT", 0) > 1, "no URL expired in this run")


@contract
def a_resumed_training_goes_on_after_its_checkpoint(lab: Lab) -> None:
    first = [event for event in lab.trained[0].of_type("checkpoint") if event["epoch"] == 1]
    expect(first, "there is no checkpoint of epoch 1")
    attempt, _ = lab.completed(checkpoint=lab.checkpoint(first[0]))
    epochs = [event["epoch"] for event in attempt.of_type("metrics")]
    expect(epochs == [2], f"the resumed run trained the epochs {epochs} instead of 2")


@contract
def a_file_that_is_not_a_checkpoint_is_refused(lab: Lab) -> None:
    junk = lab.platform.put(b"no checkpoint")
    _, end = lab.run(checkpoint={"url": junk["url"], "sha256": junk["sha256"], "epoch": 1})
    expect((end.get("code"), end.get("category")) == ("CHECKPOINT_INVALID", "permanent"), f"it ended with {end}")


@contract
def an_evaluation_measures_the_checkpoint(lab: Lab) -> None:
    attempt, end = lab.completed("evaluate", checkpoint=lab.best)
    expect(PRIMARY_METRIC[lab.task] in end["finalMetrics"], f"finalMetrics lack {PRIMARY_METRIC[lab.task]}")
    splits = [event["split"] for event in attempt.of_type("validation")]
    expect(splits == ["test"], f"it measured {splits} instead of test")


@contract
def every_export_is_stored_and_described(lab: Lab) -> None:
    formats = [
        item["format"] for item in lab.capabilities["exportFormats"] if lab.task in item.get("taskTypes", [CLASSIFICATION])
    ]
    if not formats:
        raise NotOffered(f"there is no export for {lab.task}")
    for format in formats:
        attempt, end = lab.completed("export", checkpoint=lab.best, export={"format": format, "options": {}})
        stored = attempt.of_type("artifact")
        expect(stored, f"the export to {format} stored no file")
        check_stored(lab.platform, stored[0])
        metadata = end["result"]["metadata"]
        expect(metadata["classes"] == list(CLASSES), f"the metadata have the classes {metadata['classes']}")
        expect((metadata["format"], metadata["taskType"]) == (format, lab.task), "the metadata are of another file")


@contract
def an_image_that_cannot_be_read_is_left_out_and_named(lab: Lab) -> None:
    broken = [Picture("red/broken.png", "train", b"not an image", "red", [])]
    attempt, _ = lab.completed(dataset=drawn_dataset(lab.platform, lab.task, broken))
    warnings = [event["message"] for event in attempt.of_type("log") if event["level"] == "warning"]
    expect(any("red/broken.png" in message for message in warnings), "no warning names red/broken.png")


@contract
def too_many_images_that_cannot_be_read_end_the_job(lab: Lab) -> None:
    broken = [Picture(f"red/{n}.png", "train", b"not an image", "red", []) for n in range(20)]
    _, end = lab.run(dataset=drawn_dataset(lab.platform, lab.task, broken))
    expect((end.get("code"), end.get("category")) == ("DATASET_INVALID", "user"), f"it ended with {end}")


@contract
def an_image_with_another_hash_ends_the_job(lab: Lab) -> None:
    key = uuid.uuid4().hex
    fresh = Picture("red/other.png", "train", png(64, 64, [uuid.uuid4().bytes * 12] * 64), "red", [])
    dataset = drawn_dataset(lab.platform, lab.task, [fresh])
    lab.platform.put(b"other bytes", key)
    lab.platform.images[fresh.path] = key
    _, end = lab.run(dataset=dataset)
    expect(end.get("code") == "DATASET_CHECKSUM_MISMATCH", f"it ended with {end}")


@contract
def a_manifest_with_another_hash_ends_the_job(lab: Lab) -> None:
    _, end = lab.run(dataset={**lab.dataset, "manifestSha256": "0" * 64})
    expect(end.get("code") == "DATASET_CHECKSUM_MISMATCH", f"it ended with {end}")


def fits(field: dict[str, Any], value: Any) -> bool:
    """Whether a value is within the limits of a field."""
    if field["type"] in ("select", "string"):
        return isinstance(value, str) and (not field.get("options") or value in field["options"])
    if field["type"] == "bool":
        return isinstance(value, bool)
    low, high = field.get("min", value), field.get("max", value)
    excluded = (field.get("exclusiveMin") and value == low) or (field.get("exclusiveMax") and value == high)
    return not isinstance(value, bool) and low <= value <= high and not excluded


def _endless(lab: Lab) -> Any:
    """A training of as many epochs as the trainer allows, that has begun."""
    field = next(field for field in lab.capabilities["configSchema"]["fields"] if field["name"] == "epochs")
    attempt, request = lab.start(config={**lab.config, "epochs": int(field.get("max", 1000))})
    lab.platform.wait_for(attempt, "started", timeout=lab.timeout)
    return attempt, request
