"""Every target of the fuzzer over its seeds, and over what the fuzzer has found once."""

import logging

import pytest
import targets


@pytest.fixture(autouse=True)
def quiet():
    # The gate says each refusal of its dialogues in the log.
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", targets.TARGETS)
def test_no_seed_is_trouble(name):
    count = 0
    for seed in targets.seeds(name):
        targets.TARGETS[name](seed)
        count += 1
    assert count > 1
