package target

// Command is the command for a program that runs elsewhere.
var Command = Target.command
