"""gRPC: messages in, domain values within, statuses out."""
