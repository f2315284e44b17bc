// Package hwtest proves on a device what was promised of it: numbered steps, each of which prints PASS, FAIL or SKIP with the
// reason and its figures. It looks at the device from outside, over HTTP, systemd, /proc and /sys, and shares no code with what
// it judges but the durable writing of files.
//
// Each step is a value of one table, Steps. What decides in it is a function of readings; what takes them goes through a Device,
// whose root folder, address and programs a test replaces by its own. What a step changes is first written down with what takes
// it back (Undo), so a power cut in the middle leaves a note, and the next start tidies up. Steps that restart the device are
// gone on with from the record of the run (Record).
//
// "go test -c" makes the program for the device: started without flags of "go test" it is the command, see Main.
package hwtest
