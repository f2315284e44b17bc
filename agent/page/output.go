package page

import "github.com/valyala/quicktemplate"

// The pages for people are drawn by the templates in the files NAME.qtpl, which are Go code by the time the program is built:
// what would interpret them while it runs calls methods by name, for which the linker keeps every method of the program.
//
//go:generate go run github.com/valyala/quicktemplate/qtc -skipLineComments

// outputOf returns what a template writes, as bytes that are as long as needed: a page may be kept for long.
func outputOf(write func(*quicktemplate.Writer)) []byte {
	buffer := quicktemplate.AcquireByteBuffer()
	defer quicktemplate.ReleaseByteBuffer(buffer)
	w := quicktemplate.AcquireWriter(buffer)
	defer quicktemplate.ReleaseWriter(w)
	write(w)
	return append(make([]byte, 0, len(buffer.B)), buffer.B...)
}
