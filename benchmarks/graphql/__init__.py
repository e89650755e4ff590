"""The household page over GraphQL: our service, and a server as it is usually written with strawberry."""
