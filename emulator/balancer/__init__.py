"""The load balancers, which one process serves.

The control side uses `emulator.balancer.process.Balancer`; everything else here runs in the child.
"""
