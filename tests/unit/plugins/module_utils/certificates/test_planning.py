# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.findings import Level, findings
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.planning import (
    Action,
    Authority,
    Entry,
    Federation,
    Held,
    Outsider,
    Policy,
    Stage,
    decide,
    decide_authority,
    signer_for_others,
    trust,
)
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.certificates.kit import (
    START,
    World,
    issued,
    new_signer,
    osx,
)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("days"), st.integers(1, 25)),
        st.tuples(st.just("join"), st.just(0)),
        st.tuples(st.just("rotate"), st.just(0)),
        st.tuples(st.just("renew"), st.just(0)),
        st.tuples(st.just("restart"), st.integers(0, 3)),
        st.tuples(st.just("restart all"), st.just(0)),
    ),
    max_size=12,
)


def settled(world: World) -> None:
    """Runs and restarts until nothing changes any more."""
    for _turn in range(8):
        world.restart()
        if not world.run():
            return
    raise AssertionError("it never comes to rest")


@given(own=st.booleans(), count=st.integers(1, 3), steps=STEPS)
def test_no_run_breaks_a_connection_that_worked_and_all_of_them_work_in_the_end(
    own: bool, count: int, steps: list[tuple[str, int]]
) -> None:
    world = World(own=own, days=90, ca_days=400)
    for _party in range(count):
        world.join()
    world.run()
    world.restart()
    assert world.links() == world.all_links(), "one run and one start make a federation"
    for step, number in steps:
        working = world.links()
        rotate = renew = False
        match step:
            case "days":
                world.now += timedelta(days=number)
                world.restart()  # what a run in time asked for was done: certificates do not end meanwhile
            case "join":
                world.join()
            case "rotate":
                rotate = True
            case "renew":
                renew = True
            case "restart":
                world.restart([number])
            case _:
                world.restart()
        world.run(rotate=rotate, force=renew)
        assert working <= world.links(), step
    settled(world)
    assert world.links() == world.all_links()
    assert all(len(known) == 1 for known in world.signers.values()), "the older authorities are gone"


@given(own=st.booleans(), count=st.integers(1, 3))
def test_a_second_run_changes_nothing(own: bool, count: int) -> None:
    world = World(own=own)
    for _party in range(count):
        world.join()
    assert world.run() > 0
    assert world.run() == 0
    world.restart()
    assert world.run() == 0


def test_a_party_that_joins_a_federation_with_one_authority_changes_nothing_for_the_others() -> None:
    world = World()
    world.join()
    world.run()
    world.restart()
    before = [party.held for party in world.parties]
    world.join()
    assert world.run() == 1
    assert [party.held for party in world.parties[:1]] == before
    world.restart([1])
    assert world.links() == world.all_links()


def test_rotation_goes_through_known_used_and_forgotten() -> None:
    world = World()
    world.join()
    world.join()
    world.run()
    world.restart()
    (old,) = world.signers["fate"]

    world.run(rotate=True)
    new = world.signers["fate"][0]
    for party in world.parties:
        held = party.held.certificate
        assert held is not None
        assert held.issuer == old.certificate.subject, "nobody gets a certificate that the others do not trust yet"
        assert {found.fingerprint for found in party.held.trusted} == {
            old.certificate.fingerprint,
            new.certificate.fingerprint,
        }
    world.restart([0])
    assert world.run() == 0, "a server that did not restart does not know the new authority"
    world.restart([1])
    assert world.run() == 2
    assert all(party.held.certificate.issuer == new.certificate.subject for party in world.parties)  # type: ignore[union-attr]
    assert all(len(party.held.trusted) == 2 for party in world.parties), "the old one is trusted while it may be in use"
    world.run()
    world.restart([0])
    assert len(world.signers["fate"]) == 2, "the other server still shows what the old one signed"
    assert world.links() == world.all_links()
    world.restart([1])
    world.run()
    assert world.signers["fate"] == [new]
    assert all(len(party.held.trusted) == 1 for party in world.parties)
    assert world.run() == 0


def test_an_outsider_that_does_not_trust_a_new_authority_keeps_it_waiting_and_is_named() -> None:
    world = World()
    world.join()
    world.run()
    world.restart()
    world.outsiders.append(Outsider("insurer", trusts=frozenset(), issuers=frozenset()))
    world.run(rotate=True)
    world.restart()
    assert world.run() == 0
    (decision,) = decide(world.federation(), world.policy, world.now)
    assert decision.waiting == ("insurer",)
    assert decision.reason == "insurer do not trust the newest authority yet"

    new, old = (signer.certificate for signer in world.signers["fate"])
    signer = signer_for_others(world.federation().authorities[0], world.federation(), world.now)
    assert signer == old.fingerprint, "others get theirs from the one that is trusted as long"
    world.outsiders[:] = [Outsider("insurer", trusts=frozenset({new.fingerprint}), issuers=None)]
    assert signer_for_others(world.federation().authorities[0], world.federation(), world.now) == new.fingerprint
    assert world.run() == 1
    world.restart()
    staged = decide_authority(world.federation().authorities[0], world.federation(), world.policy, world.now)
    assert (staged.stage, staged.waiting) == (Stage.WAIT, ("insurer",)), "who signed its certificates is not known"


def test_the_authority_of_an_outsider_is_trusted() -> None:
    theirs = new_signer("insurer").certificate
    world = World(own=True)
    world.join()
    world.outsiders.append(Outsider("insurer", (theirs,), frozenset(), frozenset({theirs.fingerprint})))
    world.run()
    assert theirs in world.parties[0].held.trusted


# single decisions --------------------------------------------------------------------------------------------------
SIGNER = new_signer()
AUTHORITY = Authority("fate", (SIGNER.certificate,))
WANTED = osx()
FRESH = issued(SIGNER, WANTED)[0]
HELD = Held(True, True, FRESH, (SIGNER.certificate,), True, START)


def one(held: Held, **changes: object) -> tuple[Action, str]:
    policy = changes.pop("policy", Policy())
    moment = changes.pop("now", START)
    entry = Entry("bank", changes.pop("wanted", WANTED), held, "fate")  # type: ignore[arg-type]
    federation = Federation([entry], [changes.pop("authority", AUTHORITY)])  # type: ignore[list-item]
    (decision,) = decide(federation, policy, moment)  # type: ignore[arg-type]
    return decision.action, decision.reason


def test_what_is_as_it_should_be_is_kept() -> None:
    assert one(HELD) == (Action.KEEP, "it is as it should be")


@pytest.mark.parametrize(
    ("held", "changes", "reason"),
    [
        (Held(), {}, "there is none yet"),
        (replace(HELD, certificate=None), {}, "it cannot be read"),
        (replace(HELD, fits=False), {}, "its key is another one's"),
        (HELD, {"now": START + timedelta(days=366)}, "it expired on 2027-01-01"),
        (HELD, {"now": START + timedelta(days=340)}, "it expires on 2027-01-01"),
        (HELD, {"wanted": osx("bank", "fate.bank.example", "192.0.2.7")}, "it is not for 192.0.2.7, fate.bank.example"),
        (HELD, {"policy": Policy(force=True)}, "its renewal was asked for"),
        (HELD, {"authority": Authority("fate", (new_signer().certificate,))}, "another authority signed it"),
    ],
    ids=["none", "unreadable", "key", "expired", "expiring", "names", "asked", "issuer"],
)
def test_why_a_certificate_is_issued(held: Held, changes: dict[str, object], reason: str) -> None:
    if "authority" in changes:  # the new one is known to the host's own server already
        held = replace(held, trusted=(SIGNER.certificate, *changes["authority"].certificates))  # type: ignore[attr-defined]
    assert one(held, **changes) == (Action.ISSUE, reason)


def test_a_certificate_is_not_renewed_again_and_again_by_an_authority_that_ends_soon() -> None:
    signer = new_signer(days=20)
    held = replace(HELD, certificate=issued(signer, WANTED)[0], trusted=(signer.certificate,))
    assert held.certificate is not None
    assert held.certificate.not_after == signer.certificate.not_after, "it does not outlive its authority"
    assert one(held, authority=Authority("fate", (signer.certificate,)))[0] is Action.KEEP


def test_names_that_are_not_needed_any_more_do_not_bring_about_another_certificate() -> None:
    wide = issued(SIGNER, osx("bank", "old.bank.example"))[0]
    assert one(replace(HELD, certificate=wide))[0] is Action.KEEP


def test_a_secret_of_somebody_else_is_left_alone_and_that_is_an_error() -> None:
    federation = Federation([Entry("bank", WANTED, replace(HELD, ours=False), "fate")], [AUTHORITY])
    decisions = decide(federation, Policy(), START)
    assert decisions[0].action is Action.REFUSED
    (said,) = findings(federation, decisions, Policy(), START)
    assert (said.level, said.host) == (Level.ERROR, "bank")
    assert "osx-certs was not made by this collection" in said.text
    assert "osx.tls.existingSecret" in said.hint


def test_trust_keeps_the_authority_of_every_certificate_that_is_in_use() -> None:
    old = new_signer("old")
    held = replace(
        HELD, certificate=issued(old, WANTED)[0], trusted=(old.certificate, new_signer("unused").certificate)
    )
    found = trust(Federation([Entry("bank", WANTED, held, "fate")], [AUTHORITY]))
    assert found == (SIGNER.certificate, old.certificate)


# findings ----------------------------------------------------------------------------------------------------------
def said_of(
    held: Held, issuer: str = "", *, now: object = START, policy: Policy | None = None
) -> list[tuple[str, str]]:
    federation = Federation([Entry("bank", WANTED, held, issuer)], [AUTHORITY])
    known = policy or Policy()
    decisions = decide(federation, known, now)  # type: ignore[arg-type]
    return [(str(item.level), item.text) for item in findings(federation, decisions, known, now)]  # type: ignore[arg-type]


def test_a_certificate_of_the_users_own_that_ends_while_the_run_goes_on_is_an_error() -> None:
    end = FRESH.not_after - timedelta(minutes=20)
    (said,) = said_of(HELD, now=end)
    assert said == (
        "error",
        "The certificate of osx of bank expires on 2027-01-01 00:00 UTC, before this run may have ended.",
    )
    (said,) = said_of(HELD, now=end, policy=Policy(horizon=600))
    assert said[0] == "warning"
    assert said_of(HELD, "fate", now=end) == [], "one that is going to be renewed is none"


def test_an_authority_that_ends_while_the_run_goes_on_is_an_error() -> None:
    federation = Federation([], [Authority("fate", (SIGNER.certificate,), given=True)])
    end = SIGNER.certificate.not_after
    (said,) = findings(federation, [], Policy(), end - timedelta(minutes=20))
    assert (said.level, said.host) == (Level.ERROR, "fate")
    assert "before this run may have ended" in said.text
    (said,) = findings(federation, [], Policy(), end - timedelta(days=100))
    assert said.level is Level.WARNING
    assert findings(federation, [], Policy(), START) == []


@pytest.mark.parametrize(
    ("held", "level", "words"),
    [
        (replace(HELD, certificate=None), "error", "holds no certificate"),
        (replace(HELD, fits=False), "error", "has a key that is another certificate's"),
        (replace(HELD, certificate=issued(SIGNER, osx("elsewhere"))[0]), "note", "is not for osx.bank, osx.bank.svc"),
    ],
    ids=["unreadable", "key", "names"],
)
def test_what_is_wrong_with_a_secret_of_the_users_own(held: Held, level: str, words: str) -> None:
    (said,) = said_of(held)
    assert said[0] == level
    assert words in said[1]
