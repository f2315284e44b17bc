// Command calendarbot is the calendar appliance's server.
package main

func main() {}
