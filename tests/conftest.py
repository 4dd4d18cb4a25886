"""Settings of the whole suite."""

from hypothesis import HealthCheck, settings

# Machines differ in speed; a slow draw says nothing about the code.
settings.register_profile(
    "crm_extension", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("crm_extension")
