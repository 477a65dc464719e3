"""The contact intensity that is allowed: the policy, the rules, and the level they leave."""
