"""Where the kernel runs: on this machine's cores, later on a cluster; the same kernel everywhere."""
