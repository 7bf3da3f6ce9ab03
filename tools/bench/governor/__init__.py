"""The yardstick of governors: what a policy earns against the clairvoyant bound, on plants that it does not know."""
