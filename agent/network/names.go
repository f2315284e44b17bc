package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// The parts of a DNS message (RFC 1035, section 4) that are needed here.
const (
	dnsHeader   = 12  // bytes
	dnsQuestion = 4   // bytes behind the name: type and class
	dnsName     = 255 // bytes at most
	dnsLabel    = 63

	typeA, typeAny, classIN = 1, 255, 1

	nameTime = 5 // seconds that an answer holds: in the house's network the names are others
)

// ServeNames answers for names on the access point until ctx ends: each is the device. Whatever is no question gets no answer, and an
// answer is at most 16 bytes longer than its question, so that it is of no use against others. It closes conn.
func ServeNames(ctx context.Context, conn net.PacketConn) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	question := make([]byte, 512)
	for {
		n, from, err := conn.ReadFrom(question)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return errors.Join(fmt.Errorf("answer for names: %w", err), conn.Close())
		}
		answer := answerName(question[:n])
		if answer == nil {
			continue
		}
		if err := conn.SetWriteDeadline(time.Now().Add(replyTime)); err != nil {
			return errors.Join(fmt.Errorf("answer for names: %w", err), conn.Close())
		}
		if _, err := conn.WriteTo(answer, from); err != nil {
			continue // who asked is gone; it asks again if it is not
		}
	}
}

// answerName is the answer to a question; nil to what is none.
func answerName(question []byte) []byte {
	if len(question) < dnsHeader {
		return nil
	}
	flags := binary.BigEndian.Uint16(question[2:])
	const answerBit, operation = 1 << 15, 0xf << 11
	if flags&(answerBit|operation) != 0 || binary.BigEndian.Uint16(question[4:]) != 1 {
		return nil
	}
	end := nameEnd(question)
	if end < 0 || len(question) < end+dnsQuestion {
		return nil
	}
	kind, class := binary.BigEndian.Uint16(question[end:]), binary.BigEndian.Uint16(question[end+2:])
	end += dnsQuestion

	const authoritative, recursionWanted = 1 << 10, 1 << 8
	answer := append(make([]byte, 0, end+16), question[:end]...)
	binary.BigEndian.PutUint16(answer[2:], answerBit|authoritative|flags&recursionWanted)
	clear(answer[6:dnsHeader])
	if class != classIN || kind != typeA && kind != typeAny {
		return answer // the name is there, but nothing of that kind
	}
	binary.BigEndian.PutUint16(answer[6:], 1)
	answer = append(answer, 0xc0, dnsHeader) // the name of the question
	answer = binary.BigEndian.AppendUint16(answer, typeA)
	answer = binary.BigEndian.AppendUint16(answer, classIN)
	answer = binary.BigEndian.AppendUint32(answer, nameTime)
	address := apAddress.As4()
	answer = binary.BigEndian.AppendUint16(answer, uint16(len(address)))
	return append(answer, address[:]...)
}

// nameEnd is where the name of a question ends; -1 where it does not.
func nameEnd(question []byte) int {
	at := dnsHeader
	for at < len(question) && at-dnsHeader < dnsName {
		length := int(question[at])
		switch {
		case length == 0:
			return at + 1
		case length > dnsLabel:
			return -1
		}
		at += 1 + length
	}
	return -1
}
