"""PyTorch's workloads."""
