"""Drawing finished runs; computes no physics."""
