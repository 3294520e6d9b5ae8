"""Optimize a Kernel: make one prefix sum as fast as the machine allows."""
