"""The gateway without a server: transports for HTTP clients that run the pipeline in their own process."""
