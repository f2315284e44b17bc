package network

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"
)

// question is what a phone asks: an identity, one question of a kind, recursion wanted.
func question(kind byte, labels ...string) []byte {
	q := []byte{0xab, 0xcd, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1}
	for _, l := range labels {
		q = append(append(q, byte(len(l))), l...)
	}
	q = append(q, 0, 0, kind, 0, 1)
	return append(q, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0) // an OPT record, as most send
}

func TestEveryNameIsTheDevice(t *testing.T) {
	a := question(1, "connectivitycheck", "example", "com")
	name := a[12 : len(a)-15]
	head := append([]byte{0xab, 0xcd, 0x85, 0x00, 0, 1, 0, 1, 0, 0, 0, 0}, name...)
	want := append(append([]byte{}, head...), 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 168, 4, 1)
	if got := answerName(a); !bytes.Equal(got, want) {
		t.Errorf("answered\n%x, not\n%x", got, want)
	}
	six := answerName(question(28, "connectivitycheck", "example", "com")) // AAAA: there is none, and that is no error
	if len(six) != len(head)+4 || six[7] != 0 || six[3] != 0 {
		t.Errorf("answered %x", six)
	}
	response, status, two, cut, long, pointer := question(1, "a"), question(1, "a"), question(1, "a"), question(1, "a")[:14], question(1, "a"), question(1, "a")
	response[2] |= 0x80
	status[2] |= 0x10
	two[5] = 2
	long[12] = 64
	pointer[12] = 0xc0
	for what, q := range map[string][]byte{"nothing": nil, "an answer": response, "another operation": status, "two questions": two, "half a question": cut, "a long label": long, "a pointer": pointer,
		"no end": append(question(1)[:12], bytes.Repeat([]byte{1, 'x'}, 200)...), "no kind": question(1)[:14]} {
		if got := answerName(q); got != nil {
			t.Errorf("%s is answered with %x", what, got)
		}
	}
}

func TestServeNames(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ServeNames(ctx, conn) }()
	phone, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer phone.Close()
	if err := phone.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 512)
	for _, q := range [][]byte{[]byte("nonsense"), question(1, "example")} {
		if _, err := phone.Write(q); err != nil {
			t.Fatal(err)
		}
	}
	n, err := phone.Read(answer)
	if err != nil || !bytes.HasSuffix(answer[:n], []byte{192, 168, 4, 1}) {
		t.Errorf("answered %x, %v", answer[:n], err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if err := ServeNames(t.Context(), conn); err == nil {
		t.Error("a socket that is closed is no error")
	}
}

// FuzzAnswerName answers whatever comes without harm, and not at length.
func FuzzAnswerName(f *testing.F) {
	f.Add(question(1, "example", "com"))
	f.Add(question(255))
	f.Fuzz(func(t *testing.T, q []byte) {
		if got := answerName(q); len(got) > len(q)+16 {
			t.Fatalf("%d bytes for %d", len(got), len(q))
		}
	})
}
