package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestShots(t *testing.T) {
	got, err := shots([]string{"/=a.png", "/?theme=eink=b/c.png"})
	if want := []shot{{"/", "a.png"}, {"/?theme=eink", "b/c.png"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, args := range [][]string{nil, {"a.png"}, {"/agenda"}, {"/agenda=page.html"}} {
		if got, err := shots(args); err == nil {
			t.Errorf("%q are the shots %v", args, got)
		}
	}
}

// TestPacked: a picture of few colours stays as it is, dot for dot; in one of many, each dot is of the nearest colour.
func TestPacked(t *testing.T) {
	for _, c := range []struct {
		name    string
		at      func(x, y int) color.RGBA
		nearest int // how far a colour may be from what it was
	}{
		{"few colours", func(x, y int) color.RGBA { return color.RGBA{uint8(x / 30), uint8(y / 20), 7, 255} }, 0},
		{"many, half of them seldom", func(x, y int) color.RGBA { return color.RGBA{uint8(x), uint8(x), uint8(x + y/99), 255} }, 1},
	} {
		dots := image.NewRGBA(image.Rect(0, 0, 250, 100))
		for i := range 250 * 100 {
			dots.Set(i%250, i/250, c.at(i%250, i/250))
		}
		var loose bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&loose, dots); err != nil {
			t.Fatal(err)
		}
		small, err := packed(loose.Bytes())
		if err != nil || len(small) >= loose.Len()/10 {
			t.Fatalf("%s: %d bytes of %d, %v", c.name, len(small), loose.Len(), err)
		}
		back, err := png.Decode(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 250 * 100 {
			x, y := i%250, i/250
			is, was := color.RGBAModel.Convert(back.At(x, y)).(color.RGBA), c.at(x, y)
			far := max(difference(is.R, was.R), difference(is.G, was.G), difference(is.B, was.B), difference(is.A, was.A))
			if far > c.nearest {
				t.Fatalf("%s: the dot at %d, %d is %v, was %v", c.name, x, y, is, was)
			}
		}
	}
	if _, err := packed([]byte("no picture")); err == nil {
		t.Error("what is no picture is packed")
	}
}

func difference(a, b uint8) int { return max(int(a), int(b)) - min(int(a), int(b)) }

// TestPicturesAreSmall: who opens the README waits for them.
func TestPicturesAreSmall(t *testing.T) {
	files, err := filepath.Glob("../../agent/doc/*.png")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d pictures, %v", len(files), err)
	}
	for _, file := range files {
		if about, err := os.Stat(file); err != nil || about.Size() > 150_000 {
			t.Errorf("%s: more than 150 kB, or %v", file, err)
		}
	}
}
