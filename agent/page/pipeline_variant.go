package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"strings"
	"sync"
)

// gzipped is the one encoding besides none.
const gzipped = "gzip"

// minPacked is the size in bytes below which packing is not tried: such an answer fits into one packet as it is.
const minPacked = 1 << 10

// packedPage answers q with the packed variant of its page, or with the page as it is where packing is no use.
func (p *Pipeline) packedPage(ctx context.Context, q Query) (Page, error) {
	k := p.key(q)
	if e := p.hit(k, p.o.Now()); e != nil {
		return e.page, nil
	}
	q.Encoding = ""
	plain, err := p.identity(ctx, q)
	if err != nil {
		return Page{}, err
	}
	if !packable(plain) {
		return *plain.shown(p.o.Now()), nil
	}
	p.asked.of(k.query).times.Add(1)
	if plain, err = p.pack(ctx, k, plain); err != nil {
		return Page{}, err
	}
	return plain.page, nil
}

// pack makes and keeps the variant for k, joined with all who ask for it.
func (p *Pipeline) pack(ctx context.Context, k key, plain *kept) (*kept, error) {
	e, _, err := p.load(ctx, k, func(context.Context) (*kept, error) { return p.packed(k, plain) })
	return e, err
}

// packable tells whether packing e may be of use: it is kept, large enough, the same for everybody, and was not tried in vain.
func packable(e *kept) bool {
	return e.page.Status == 200 && len(e.page.Body) >= minPacked && len(e.page.Live) == 0 && !e.learnt.flat.Load()
}

// packed makes the variant for k of a page; it holds as long as the page does. The error is an *unkept that has the page
// as it is when packing gains nothing.
func (p *Pipeline) packed(k key, plain *kept) (*kept, error) {
	body, err := p.gzip.pack(plain.page.Body)
	if err != nil {
		return nil, err
	}
	if len(body) >= len(plain.page.Body) {
		plain.learnt.flat.Store(true)
		return nil, &unkept{plain}
	}
	p.counts.compressed.Add(1)
	e := &kept{page: plain.page, from: plain.from, until: plain.until, generation: k.generation, drops: k.drops, asked: p.asked.of(k.query), learnt: plain.learnt}
	e.page.Body, e.page.Encoding, e.page.Mark = body, gzipped, 0
	e.page.ETag = strings.TrimSuffix(plain.page.ETag, `"`) + `-` + gzipped + `"`
	if !p.current(k) {
		return nil, &unkept{e}
	}
	return e, nil
}

// packer compresses one body at a time. A writer takes 818 KB at the default level, which is
// less than at the fastest; it is used again in a burst, and the garbage collector has it soon after.
type packer struct {
	mu      sync.Mutex
	writers sync.Pool
}

// pack returns the body compressed, in no more memory than it needs.
func (z *packer) pack(body []byte) ([]byte, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	w, ok := z.writers.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(nil)
	}
	defer z.writers.Put(w)
	out := bytes.NewBuffer(make([]byte, 0, len(body)/2))
	w.Reset(out)
	_, err := w.Write(body)
	if err == nil {
		err = w.Close()
	}
	return bytes.Clone(out.Bytes()), err
}
