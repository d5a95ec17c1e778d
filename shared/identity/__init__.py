"""Who asks, and what they may see: roles, scopes, viewers, tokens, keys, access rules. Names no business rule."""
