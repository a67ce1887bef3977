"""Between the client and grpc: addresses, trust, named calls, and what grpc raises."""
