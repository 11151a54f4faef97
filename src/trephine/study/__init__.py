"""Many runs at once: what a plan gives over all luck and all doubt, and which plan is best."""
