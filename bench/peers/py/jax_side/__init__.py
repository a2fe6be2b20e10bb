"""JAX's workloads."""
