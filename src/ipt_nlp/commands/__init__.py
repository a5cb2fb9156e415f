"""What the commands do: functions over values, and the tables they print."""
