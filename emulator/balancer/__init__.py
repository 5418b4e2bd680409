"""The load balancers of the twin: one process that makes ELBv2 true at the edge.

The control side uses `emulator.balancer.process.Balancer`; everything else here runs in the child.
"""
