"""What the program is compared with. Each runs as a process of its own."""
