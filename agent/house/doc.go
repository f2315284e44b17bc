// Package house holds the rules of the code as tests, so that they fail instead of ageing:
// what may import what, who owns which library, what a package, a file and a name look like.
// It has no other code.
package house
