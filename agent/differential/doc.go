// Package differential proves that expansion is right. It has no code of its own, only tests: random feeds made
// from a seed number go through the same path as the expand command (ics.Decode, Interpreter,
// calendar.Expand), and the answers are held against implementations that share nothing
// with it:
//
//   - walk_test.go, a slow generate-and-test reading of the table in RFC 5545 section 3.3.10
//     that looks at every day, hour, minute and second of a window;
//   - oracle.py over Debian's python3-dateutil for the rules and zoneinfo for the zones;
//   - oracle.py over Debian's python3-recurring-ical-events for whole feeds.
//
// Where a library departs from the RFC, a named rule in explain_test.go says so and cites the
// section; a disagreement without such a rule fails with the seed, the feed and both answers.
//
//	go test ./agent/differential                                        a bounded part
//	go test ./agent/differential -differential.cases=20000 -timeout=1h  the whole
package differential
