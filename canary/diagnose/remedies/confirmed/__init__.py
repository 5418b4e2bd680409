"""What the past says and the present confirms: the past alone opens nothing.

A stored state may be forged by whoever writes the bucket. So what an edit takes from it must live
in this account and VPC, and what would let more in needs a second witness that is read now: another
rule, listener or group that lives, or the environment file.
"""
