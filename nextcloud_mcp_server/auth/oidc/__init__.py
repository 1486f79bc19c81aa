"""What inbound and outbound both need to talk to an OpenID provider: discovery, keys, its token endpoint, our registration."""
