"""A Federation 2 query engine. It knows supergraphs, not what they are about."""
