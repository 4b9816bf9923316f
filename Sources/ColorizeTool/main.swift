print("colorize")
