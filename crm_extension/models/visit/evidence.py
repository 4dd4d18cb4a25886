"""How well a visit is proved: values in, values out (ANCHORS N15).

A score and its reasons, for people to judge by; nothing is ever blocked by it. What is
not known is said and never made up: a position that was refused is none, and one that
the device has kept for a while is old.
"""

from math import asin, cos, isfinite, radians, sin, sqrt
from typing import NamedTuple

EARTH = 6_371_008.8  # mean radius in metres
NEAR, FAR = 200.0, 2_000.0  # metres from the address: fine, and nothing of it left
FRESH = 120.0  # seconds
VAGUE = 500.0  # metres within which a position tells something
LONG_ENOUGH = 15.0  # minutes
# What each part is worth, 100 in all.
ARRIVAL, DEPARTURE, STAY, PHOTO = 40, 20, 20, 20
UNKNOWN = 0.5  # what a position without an address to compare with is worth


class Position(NamedTuple):
    """
    :param latitude: degrees, as the longitude
    :param accuracy: radius in metres within which the device believes itself
    :param age: seconds since the device has found it
    """

    latitude: float
    longitude: float
    accuracy: float
    age: float


class Check(NamedTuple):
    """A check-in or check-out.

    :param state: "taken", "refused", "unavailable", "off" (not asked for), or empty
    :param position: only of "taken"
    """

    state: str
    position: Position | None = None


class Proof(NamedTuple):
    """
    :param score: 0 to 100
    :param findings: what is lacking, as keys
    """

    score: int
    findings: tuple[str, ...]


def is_on_globe(latitude: float, longitude: float) -> bool:
    return (
        isfinite(latitude)
        and isfinite(longitude)
        and abs(latitude) <= 90
        and abs(longitude) <= 180
    )


def is_measured(position: Position) -> bool:
    """Whether a device can have found this."""
    return (
        is_on_globe(position.latitude, position.longitude)
        and isfinite(position.accuracy)
        and position.accuracy >= 0
        and isfinite(position.age)
        and position.age >= 0
    )


def distance(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Metres between two points, given as latitude and longitude (haversine)."""
    (lat1, lon1), (lat2, lon2) = (map(radians, point) for point in (here, there))
    half = sin((lat2 - lat1) / 2) ** 2
    half += cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH * asin(sqrt(min(1.0, half)))


def proof(
    arrival: Check,
    departure: Check,
    address: tuple[float, float] | None,
    minutes: float | None,
    photo: str,
) -> Proof:
    """
    :param address: where the customer is; ``None`` when that is not known
    :param minutes: between check-in and check-out; ``None`` before the latter
    :param photo: "taken", "again" (it is in another visit, too), or empty
    """
    arrived, findings = _worth(arrival, address)
    left, others = _worth(departure, address)
    stay = min((minutes or 0.0) / LONG_ENOUGH, 1.0)
    score = ARRIVAL * arrived + DEPARTURE * left + STAY * stay
    findings = [*findings, *(key for key in others if key not in findings)]
    if stay < 1:
        findings.append("short" if minutes is not None else "open")
    if photo == "taken":
        score += PHOTO
    else:
        findings.append(f"photo_{photo or 'none'}")
    return Proof(round(score), tuple(findings))


def _worth(check, address):
    """What a position is worth, from 0 to 1, and what is wrong with it."""
    if check.state != "taken" or not check.position:
        return 0.0, [check.state] if check.state else []
    findings = []
    worth = 1.0
    if check.position.age > FRESH:
        findings.append("stale")
        worth *= UNKNOWN
    if check.position.accuracy > VAGUE:
        findings.append("vague")
        return worth * UNKNOWN / 2, findings
    if address is None:
        return worth * UNKNOWN, [*findings, "no_address"]
    away = distance(check.position[:2], address) - check.position.accuracy
    if away > NEAR:
        findings.append("far")
        worth *= max(0.0, 1 - (away - NEAR) / (FAR - NEAR))
    return worth, findings
