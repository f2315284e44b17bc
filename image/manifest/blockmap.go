package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// What a map of blocks is made of, in bytes: blocks, the head of an empty partition that is written all the same, so
// that nothing is found there which an older system left, and the most that one checksum is of.
const (
	mapBlock = 4096
	mapHead  = 1 << 20
	mapPiece = 64 << 20
)

// span is a part of an image, in blocks, without its end.
type span struct{ from, to int64 }

// blockMap is the map of an image for bmaptool, version 2.0 of its format. It leaves out what is of no use to write:
// partitions that are empty. All else is written, zeros, too: they are what a file system's tables are made of, and
// on a used card something else would be there.
func blockMap(image string) ([]byte, error) {
	file, err := os.Open(image)
	if err != nil {
		return nil, fmt.Errorf("map the image: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("map the image: %w", err)
	}
	if info.Size()%mapBlock != 0 {
		return nil, fmt.Errorf("map the image: its %d bytes are no whole blocks of %d", info.Size(), mapBlock)
	}
	empty, err := emptySpans(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("map the image: %w", err)
	}
	blocks := info.Size() / mapBlock
	var ranges strings.Builder
	mapped := int64(0)
	for _, s := range written(blocks, empty) {
		hash := sha256.New()
		if _, err := io.Copy(hash, io.NewSectionReader(file, s.from*mapBlock, (s.to-s.from)*mapBlock)); err != nil {
			return nil, fmt.Errorf("map the image: %w", err)
		}
		mapped += s.to - s.from
		fmt.Fprintf(&ranges, "        <Range chksum=\"%x\"> %d-%d </Range>\n", hash.Sum(nil), s.from, s.to-1)
	}
	text := fmt.Sprintf(`<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> %d </ImageSize>
    <BlockSize> %d </BlockSize>
    <BlocksCount> %d </BlocksCount>
    <MappedBlocksCount> %d </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> %s </BmapFileChecksum>
    <BlockMap>
%s    </BlockMap>
</bmap>
`, info.Size(), mapBlock, blocks, mapped, strings.Repeat("0", 64), ranges.String())
	// The map's own checksum is that of the map with zeros in its place.
	return []byte(strings.Replace(text, strings.Repeat("0", 64), fmt.Sprintf("%x", sha256.Sum256([]byte(text))), 1)), nil
}

// emptySpans are the partitions that have nothing but zeros, without their heads.
func emptySpans(file io.ReaderAt, size int64) ([]span, error) {
	boot := make([]byte, blockSize)
	if _, err := file.ReadAt(boot, 0); err != nil {
		return nil, err
	}
	if boot[510] != 0x55 || boot[511] != 0xaa {
		return nil, errors.New("it has no table of partitions")
	}
	var empty []span
	for entry := 446; entry < 510; entry += 16 {
		from := int64(binary.LittleEndian.Uint32(boot[entry+8:])) * blockSize
		length := int64(binary.LittleEndian.Uint32(boot[entry+12:])) * blockSize
		if length <= mapHead {
			continue
		}
		if from+length > size {
			return nil, fmt.Errorf("a partition ends at %d, behind the image's %d bytes", from+length, size)
		}
		zeros, err := onlyZeros(io.NewSectionReader(file, from, length))
		if err != nil {
			return nil, err
		}
		if zeros {
			empty = append(empty, span{(from + mapHead + mapBlock - 1) / mapBlock, (from + length) / mapBlock})
		}
	}
	return empty, nil
}

func onlyZeros(r io.Reader) (bool, error) {
	piece, zeros := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := r.Read(piece)
		if !bytes.Equal(piece[:n], zeros[:n]) {
			return false, nil
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// written are the blocks that are not in the spans, which follow each other, in pieces.
func written(blocks int64, empty []span) []span {
	var list []span
	at := int64(0)
	for _, hole := range append(empty, span{blocks, blocks}) {
		for at < hole.from {
			end := min(at+mapPiece/mapBlock, hole.from)
			list = append(list, span{at, end})
			at = end
		}
		at = hole.to
	}
	return list
}
